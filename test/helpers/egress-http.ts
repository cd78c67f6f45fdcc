import type { IncomingMessage, ServerResponse } from 'node:http';
import { Module, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

class ControllerModule {}
// A call, since the decorator's syntax is compiled for src/ alone.
Module({})(ControllerModule);

/** One controller of egress behind a real HTTP server on a free port of loopback. */
export async function serveController(
  controller: Type<unknown>,
  providers: Provider[],
  middleware?: (request: IncomingMessage, response: ServerResponse, next: () => void) => void,
): Promise<{ app: NestFastifyApplication; port: number }> {
  const module: DynamicModule = { module: ControllerModule, controllers: [controller], providers };
  const app = await NestFactory.create<NestFastifyApplication>(
    module,
    new FastifyAdapter({ forceCloseConnections: true }),
    {
      logger: false,
    },
  );
  if (middleware !== undefined) app.use(middleware);
  for (const type of ['application/sdp', 'application/trickle-ice-sdpfrag']) {
    app
      .getHttpAdapter()
      .getInstance()
      .addContentTypeParser(
        type,
        { parseAs: 'string' },
        (_request: unknown, body: unknown, done: (error: null, body: unknown) => void) => done(null, body),
      );
  }
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { readonly port: number };
  return { app, port };
}
