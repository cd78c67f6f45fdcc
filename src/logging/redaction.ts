import { redactUrls } from '../common/safe-url.ts';

const SECRET_NAME = /^(authorization|cookie|set-cookie|.*(password|passwd|pwd|secret|token|credential).*)$/i;
const MASK = '***';
const MAX_DEPTH = 6;
const MAX_ITEMS = 200;
const MAX_TEXT = 8192;

/**
 * A copy of any value that is safe to log: passwords in addresses hidden wherever they stand, values under names that
 * speak of secrets masked, errors as plain objects, depth, lists and texts cut to a bound.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactUrls(value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[…]';
  if (value instanceof Error) return redactError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => redact(item, depth + 1));
  if ('toJSON' in value && typeof value.toJSON === 'function')
    return redact((value.toJSON as () => unknown)(), depth + 1);
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    entries.map(([name, item]) => [
      name,
      SECRET_NAME.test(name) && item !== undefined ? MASK : redact(item, depth + 1),
    ]),
  );
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: redact(error.message),
    stack: redact(error.stack ?? ''),
    ...(code === undefined ? {} : { code }),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
