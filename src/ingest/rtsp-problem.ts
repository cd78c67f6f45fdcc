import { SeamlineError } from '../common/seamline-error.ts';

/** The error for a reply that is no success, in words that say what to check. @param method the request that was answered */
export function problemOfStatus(status: number, method: string): SeamlineError {
  switch (status) {
    case 401:
      return new SeamlineError('source-unauthorized', 'the camera refused user name or password (401)');
    case 403:
      return new SeamlineError('source-unauthorized', 'this user may not watch the stream (403)');
    case 404:
      return new SeamlineError(
        'source-unreachable',
        'the camera has no stream at this path (404); check the path of the address',
      );
    case 453:
    case 503:
      return new SeamlineError('source-unreachable', `the camera is busy, perhaps with other viewers (${status})`);
    case 454:
      return new SeamlineError('source-unreachable', 'the camera has forgotten the session (454)');
    case 461:
      return new SeamlineError('source-unsupported', 'the camera does not offer this transport (461)');
    default:
      return new SeamlineError('source-protocol', `the camera answered ${method} with status ${status}`);
  }
}

/** The log-in that is missing altogether. */
export function problemOfMissingLogin(): SeamlineError {
  return new SeamlineError(
    'source-unauthorized',
    'the camera asks for user name and password (401); put them into the address',
  );
}
