import { randomUUID } from 'node:crypto';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { AppConfig } from '../config/config.schema.ts';
import { problemOf } from './problem-of.ts';
import { problemText } from './problem.filter.ts';

/** Longest request line with headers. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Every how often requests that take too long are looked for; Node's own 30 s would make the limit one of 45 s. */
const CHECK_INTERVAL_MS = 1000;

interface Refusal {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
  send(body: string): unknown;
}

/** Fastify with the limits of the configuration; what it refuses before Nest sees it is answered as a problem too. */
export function fastifyAdapter(config: AppConfig): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: config.http.bodyLimitBytes,
    requestTimeout: config.http.requestTimeoutMs,
    keepAliveTimeout: 72_000,
    forceCloseConnections: true,
    genReqId: () => randomUUID(),
    trustProxy: false,
    logger: false,
    routerOptions: { maxParamLength: 512 },
    http: { maxHeaderSize: MAX_HEADER_BYTES, connectionsCheckingInterval: CHECK_INTERVAL_MS },
    // Fastify's own type depends on the version of HTTP and cannot be named here.
    frameworkErrors: refuse as never,
    clientErrorHandler: (error, socket) => {
      // No request was understood, so no route and no id exist; the socket is all there is.
      const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
      const body = problemText(problemOf({ statusCode: status }), '', randomUUID());
      if (!socket.writable) return;
      socket.end(
        `HTTP/1.1 ${status} Refused\r\ncontent-type: application/problem+json; charset=utf-8\r\n` +
          `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      );
    },
  });
}

function refuse(error: unknown, request: { readonly url: string; readonly id: string }, reply: Refusal): void {
  const problem = problemOf(error);
  reply.status(problem.status);
  reply.header('content-type', 'application/problem+json; charset=utf-8');
  reply.send(problemText(problem, request.url, request.id));
}
