import { STATUS_CODES } from 'node:http';
import { SeamlineError, type ProblemJson } from '../common/seamline-error.ts';
import type { ProblemType } from '../common/problems.ts';

/** Our words for what Nest and Fastify refuse by themselves. */
const BY_STATUS: ReadonlyMap<number, readonly [ProblemType, string]> = new Map([
  [400, ['unreadable-body', 'the body is not valid JSON, or the request is malformed']],
  [404, ['not-found', 'there is nothing at this address; see /docs']],
  [405, ['not-found', 'there is nothing at this address for this method; see /docs']],
  [413, ['body-too-large', 'the body is longer than http.bodyLimitBytes allows']],
  [414, ['body-too-large', 'the address of the request is too long']],
  [415, ['unsupported-media-type', 'send the body as application/json']],
  [431, ['body-too-large', 'the headers of the request are too large']],
  [503, ['shutting-down', 'the server is stopping']],
]);

/**
 * The answer to any error that was thrown under a request. Errors that are no one's answer become a bare 500: what
 * went wrong inside is for the log, under the same request id.
 */
export function problemOf(error: unknown): ProblemJson {
  if (error instanceof SeamlineError) return error.toProblem();
  const status = statusOf(error);
  const known = BY_STATUS.get(status);
  if (known !== undefined) return { ...new SeamlineError(...known).toProblem(), status };
  const isCallers = status >= 400 && status < 500;
  return {
    type: 'about:blank',
    title: STATUS_CODES[isCallers ? status : 500] ?? 'Error',
    status: isCallers ? status : 500,
    detail: isCallers
      ? 'the request was refused'
      : 'something went wrong here; the log of the server has the request id',
  };
}

function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null) return 500;
  if ('getStatus' in error && typeof error.getStatus === 'function')
    return Number((error.getStatus as () => unknown)());
  if ('statusCode' in error && typeof error.statusCode === 'number') return error.statusCode;
  return 500;
}
