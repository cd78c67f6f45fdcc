import { SeamlineError, type FieldError } from '../common/seamline-error.ts';

/** Reasons that a text repeats; `errors` holds all of them. */
const MAX_REASONS = 500;

/** Everything that a terminal takes for a command, and what turns the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A text from a file without what a terminal would take for commands. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, '\uFFFD');
}

/** Reasons of single keys as one text. */
export function joinReasons(errors: readonly FieldError[]): string {
  const lines = errors.slice(0, MAX_REASONS).map(({ field, message }) => `${field} ${message}`);
  if (errors.length > MAX_REASONS) lines.push(`and ${errors.length - MAX_REASONS} more`);
  return lines.join('; ');
}

/**
 * A refusal of one checkpoint file. Names that come from the file are made printable.
 * @param file name of the file as the user knows it, without its folder
 * @param errors one entry for each key at fault
 */
export function checkpointError(
  file: string,
  reason: string,
  options: { readonly errors?: readonly FieldError[]; readonly cause?: unknown } = {},
): SeamlineError {
  const errors = options.errors?.map(({ field, message }) => ({
    field: printable(field),
    message: printable(message),
  }));
  return new SeamlineError('checkpoint-invalid', `${printable(file)}: ${printable(reason)}`, {
    cause: options.cause,
    ...(errors === undefined ? {} : { errors }),
  });
}
