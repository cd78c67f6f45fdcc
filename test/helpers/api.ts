import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { configureDocs } from '../../src/api-docs.ts';
import { AppModule } from '../../src/app.module.ts';
import { configFrom } from '../../src/config/config.loader.ts';
import type { ConfigTree } from '../../src/config/config.values.ts';
import { fastifyAdapter } from '../../src/http/fastify-adapter.ts';
import { configureHttp } from '../../src/http/http-setup.ts';
import { JobsService } from '../../src/jobs/jobs.service.ts';
import { LocalRunner } from '../../src/jobs/runner/local-runner.ts';
import { RUNNER } from '../../src/jobs/runner/runner.ts';
import type { LogLoss } from '../../src/logging/log-output.ts';
import { createLogger } from '../../src/logging/logger.ts';

/** Job processes of this program speak the protocol with made-up pictures (see its head for how they misbehave). */
export const FAKE_PIPELINE = new URL('../fixtures/bin/fake-pipeline.mjs', import.meta.url);

/** Body of a valid POST /stitch with everything that is needed. */
export const A_STITCH = { url1: 'rtsp://127.0.0.1:7001/left', url2: 'rtsp://127.0.0.1:7001/right' };

/** The API with all its modules, without sockets. */
export interface TestApi {
  readonly app: NestFastifyApplication;
  readonly jobs: JobsService;
  /** Everything that was logged so far. */
  readonly log: () => string;
  /** A JSON call; `from` is the caller's address. */
  call(method: string, url: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  close(): Promise<void>;
}

/** What a test may set of a call. */
export interface CallOptions {
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer with its body as text and, when it is JSON, parsed. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';

const NOTHING_LOST: LogLoss = { lostLines: 0, isLosing: false };

/** Boots the API over a configuration of defaults and `tree`, with fake pipelines as jobs. */
export async function startApi(tree: ConfigTree = {}, entry = FAKE_PIPELINE, loss = NOTHING_LOST): Promise<TestApi> {
  const config = configFrom({ ...tree, jobs: { stateFile: '', stopTimeoutMs: 1000, ...(tree['jobs'] as object) } });
  const lines: string[] = [];
  const logger = createLogger({ level: 'trace', destination: { write: (line) => void lines.push(line) } });
  const module = await Test.createTestingModule({ imports: [AppModule.with(config, logger, loss)] })
    .overrideProvider(RUNNER)
    .useValue(new LocalRunner({ entry, stopTimeoutMs: config.jobs.stopTimeoutMs, helloTimeoutMs: 60_000 }))
    .compile();
  const app = module.createNestApplication<NestFastifyApplication>(fastifyAdapter(config), { logger: false });
  configureHttp(app, config);
  configureDocs(app);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const jobs = app.get(JobsService);
  return {
    app,
    jobs,
    log: () => lines.join(''),
    call: async (method, url, body, options = {}) => {
      const answer = await app.inject({
        method: method as Method,
        url,
        remoteAddress: options.from ?? '127.0.0.1',
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
        ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const isJson = /json/.test(String(answer.headers['content-type']));
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text: answer.payload,
        body: isJson ? (JSON.parse(answer.payload) as Record<string, unknown>) : {},
      };
    },
    close: async () => {
      await jobs.close();
      await app.close();
    },
  };
}

/** Resolves with the first truthy value that `read` gives; looks again at each change of any job. */
export async function jobReaches<T>(jobs: JobsService, read: () => T, timeoutMs = 50_000): Promise<NonNullable<T>> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const value = read();
      if (!value) return;
      clearTimeout(timer);
      jobs.events.off('change', look);
      resolve(value);
    };
    const timer = setTimeout(() => {
      jobs.events.off('change', look);
      reject(new Error(`the jobs did not get there within ${timeoutMs} ms`));
    }, timeoutMs);
    jobs.events.on('change', look);
    look();
  });
}
