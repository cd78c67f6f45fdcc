import type { IncomingMessage, ServerResponse } from 'node:http';

/** Headers with which pages of every origin may play: playing is reading, and no cookie is involved. */
export const CORS_HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'OPTIONS, POST, PATCH, DELETE',
  'access-control-allow-headers': 'authorization, content-type, if-match',
  'access-control-expose-headers': 'location, link, retry-after',
  'access-control-max-age': '86400',
};

/** Sets the headers before anything else looks at the request, so that refusals can be read by a page too. */
export function allowEveryOrigin(_request: IncomingMessage, response: ServerResponse, next: () => void): void {
  for (const [name, value] of Object.entries(CORS_HEADERS)) response.setHeader(name, value);
  next();
}
