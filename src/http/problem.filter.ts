import { Catch, HttpException, Inject, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { redactUrls } from '../common/safe-url.ts';
import { SeamlineError, type ProblemJson } from '../common/seamline-error.ts';
import { LOGGER, type Logger } from '../logging/logger.ts';
import { problemOf } from './problem-of.ts';

interface Request {
  readonly id: string;
  readonly url: string;
  readonly method: string;
}

interface Reply {
  readonly sent: boolean;
  readonly raw: { readonly headersSent: boolean; destroy(): void };
  status(code: number): Reply;
  header(name: string, value: string): Reply;
  hasHeader(name: string): boolean;
  send(body: string): unknown;
}

/** Seconds after which a caller may try again when whoever refused did not say. */
const RETRY_AFTER_S = '10';

/** The one place where errors become answers: `application/problem+json` (RFC 9457) for all of them. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger: Logger;

  constructor(@Inject(LOGGER) logger: Logger) {
    this.#logger = logger;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const reply = host.switchToHttp().getResponse<Reply>();
    const problem =
      error instanceof HttpException || !(error instanceof SeamlineError) ? problemOf(error) : error.toProblem();
    if (problem.status >= 500) {
      this.#logger.error('request failed', { requestId: request.id, method: request.method, err: error });
    }
    if (reply.sent || reply.raw.headersSent) {
      // A stream has begun: all that is left to say is that it ended.
      reply.raw.destroy();
      return;
    }
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="seamline"');
    if ([429, 503].includes(problem.status) && !reply.hasHeader('retry-after')) {
      reply.header('retry-after', RETRY_AFTER_S);
    }
    reply.status(problem.status).header('content-type', 'application/problem+json; charset=utf-8');
    reply.send(problemText(problem, request.url, request.id));
  }
}

/** The body of an answer; whatever address stands in it has its password hidden, the query is left out of `instance`. */
export function problemText(problem: ProblemJson, url: string, requestId: string): string {
  const instance = url.split('?', 1)[0];
  const body = { ...problem, instance, requestId };
  return JSON.stringify(body, (_key, value: unknown) => (typeof value === 'string' ? redactUrls(value) : value));
}
