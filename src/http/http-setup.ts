import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AppConfig } from '../config/config.schema.ts';
import { securityHeaders } from './security-headers.ts';

/** Bodies that WHEP sends beside JSON (session descriptions and candidates), read as text. */
const TEXT_BODIES = ['application/sdp', 'application/trickle-ice-sdpfrag'];
const TEXT_BODY_LIMIT_BYTES = 64 * 1024;

/** What every answer and every request of the server has in common, set up once before `init`. */
export function configureHttp(app: NestFastifyApplication, config: AppConfig): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id).headers(securityHeaders(request.url.split('?', 1)[0] ?? ''));
    done();
  });
  for (const type of TEXT_BODIES) {
    fastify.addContentTypeParser(
      type,
      { parseAs: 'string', bodyLimit: TEXT_BODY_LIMIT_BYTES },
      (_request, body, done) => done(null, body),
    );
  }
  fastify.server.maxConnections = config.http.maxConnections;
  // A request's headers must arrive in the time of the whole request, also while nothing else is sent (slowloris).
  fastify.server.headersTimeout = config.http.requestTimeoutMs;
}
