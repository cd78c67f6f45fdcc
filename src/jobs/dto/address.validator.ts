import { ValidateBy } from 'class-validator';
import { SafeUrl } from '../../common/safe-url.ts';
import { SeamlineError } from '../../common/seamline-error.ts';

/** Schemes of cameras. */
export const SOURCE_PROTOCOLS: readonly string[] = ['rtsp', 'rtsps'];
/** Schemes of outputs. */
export const OUTPUT_PROTOCOLS: readonly string[] = ['rtsp', 'rtsps', 'rtmp', 'rtmps'];

/** What is wrong with an address, in plain words and without repeating it, or undefined. */
export function addressMistake(value: unknown, protocols: readonly string[]): string | undefined {
  if (typeof value !== 'string') return 'must be a text with an address';
  try {
    const url = SafeUrl.parse(value, protocols);
    return url.port === 0 ? 'must not have port 0' : undefined;
  } catch (error) {
    if (error instanceof SeamlineError) return error.errors?.[0]?.message ?? 'is no valid address';
    throw error;
  }
}

/** A text that `SafeUrl.parse` takes, with one of the schemes. */
export function IsAddress(protocols: readonly string[]): PropertyDecorator {
  return ValidateBy({
    name: 'isAddress',
    validator: {
      validate: (value: unknown) => addressMistake(value, protocols) === undefined,
      defaultMessage: (args) => addressMistake(args?.value, protocols) ?? '',
    },
  });
}
