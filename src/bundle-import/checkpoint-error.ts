import { SeamlineError, type FieldError } from '../common/seamline-error.ts';

/**
 * A refusal of one checkpoint file. The detail repeats the first reasons, so that a log line alone is enough.
 * @param file name of the file as the user knows it, without its folder
 * @param errors one entry for each key at fault
 */
export function checkpointError(
  file: string,
  reason: string,
  options: { readonly errors?: readonly FieldError[]; readonly cause?: unknown } = {},
): SeamlineError {
  return new SeamlineError('checkpoint-invalid', `${file}: ${reason}`, options);
}
