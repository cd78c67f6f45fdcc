import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { configureDocs } from './api-docs.ts';
import { AppModule } from './app.module.ts';
import { SeamlineError } from './common/seamline-error.ts';
import type { AppConfig } from './config/config.schema.ts';
import { EgressService } from './egress/egress.service.ts';
import { Readiness } from './health/readiness.ts';
import { fastifyAdapter } from './http/fastify-adapter.ts';
import { configureHttp } from './http/http-setup.ts';
import { JobsService } from './jobs/jobs.service.ts';
import { NestLogger } from './logging/nest-logger.ts';
import type { LogLoss } from './logging/log-output.ts';
import type { Logger } from './logging/logger.ts';
import { ServerPorts } from './net/server-ports.ts';

/** The API process without its entry: everything between a checked configuration and a server that listens. */
export class ApiServer {
  readonly app: NestFastifyApplication;
  readonly #config: AppConfig;
  #closing: Promise<void> | undefined;

  private constructor(app: NestFastifyApplication, config: AppConfig) {
    this.app = app;
    this.#config = config;
  }

  /** A server that does not listen yet. */
  static async create(config: AppConfig, logger: Logger, loss: LogLoss): Promise<ApiServer> {
    const app = await NestFactory.create<NestFastifyApplication>(
      AppModule.with(config, logger, loss),
      fastifyAdapter(config),
      {
        logger: new NestLogger(logger),
        abortOnError: false,
      },
    );
    configureHttp(app, config);
    configureDocs(app);
    await app.init();
    return new ApiServer(app, config);
  }

  /** Ports in use, the real ones when any was asked for. */
  get ports(): ServerPorts {
    return this.app.get(ServerPorts);
  }

  /** @throws SeamlineError `port-in-use` that names the setting */
  async listen(): Promise<void> {
    const { host, port } = this.#config.http;
    const jobs = this.app.get(JobsService);
    // Read before requests can come, started only once the ports are ours: two servers must not run the same jobs.
    const kept = await jobs.kept();
    const egress = this.app.get(EgressService);
    await egress.listen();
    this.ports.rtsp = egress.rtspPort;
    this.ports.media = egress.mediaPort;
    try {
      await this.app.listen(port, host);
    } catch (cause) {
      throw portError(cause, port);
    }
    const address = this.app.getHttpServer().address() as { readonly port: number };
    this.ports.http = address.port;
    this.app.get(Readiness).markListening();
    jobs.resume(kept);
  }

  /** Stops jobs, then viewers and servers. Safe to call twice. */
  close(): Promise<void> {
    this.app.get(Readiness).markStopping();
    this.#closing ??= this.app
      .get(JobsService)
      .close()
      .then(() => this.app.close());
    return this.#closing;
  }
}

function portError(cause: unknown, port: number): unknown {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE') {
    return new SeamlineError('port-in-use', `port ${port} is taken by another program; set http.port`, { cause });
  }
  if (code === 'EACCES') {
    return new SeamlineError('port-in-use', `port ${port} needs more rights; set http.port to one above 1023`, {
      cause,
    });
  }
  return cause;
}
