import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type OwnedChild, spawnChild } from '../../src/process/child.ts';

/** Root of the repository. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What tests read of a job. */
export interface JobView {
  readonly id: string;
  readonly state: string;
  readonly reasons: readonly string[];
  readonly [field: string]: unknown;
}

/** A TCP port of 127.0.0.1 that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** How much longer is waited than a machine with nothing else to do needs: how busy it is must decide no test. */
const PATIENCE = 4;

/** Asks until there is a value. @throws Error after PATIENCE times `timeoutMs`, with what was seen last */
export async function eventually<T>(what: string, timeoutMs: number, probe: () => Promise<T | undefined>): Promise<T> {
  const waitMs = PATIENCE * timeoutMs;
  const endMs = performance.now() + waitMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined) return value;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > endMs) throw new Error(`${what} did not happen within ${waitMs} ms`, { cause: lastError });
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** A job's state as it would be on a machine that keeps up. */
function stateBesideLoad({ state, reasons }: JobView): string {
  const others = reasons.filter(
    (reason) => !/^the machine cannot keep up|^the alignment is fixed by hand/.test(reason),
  );
  return state === 'degraded' && reasons.length > 0 && others.length === 0 ? 'running' : state;
}

/** The built server as a process of its own, on free ports and with a state folder of its own. */
export class SeamlineServer {
  readonly httpPort: number;
  readonly rtspPort: number;
  readonly child: OwnedChild;
  /** Everything it printed. */
  readonly lines: string[] = [];
  readonly #folder: string;

  private constructor(httpPort: number, rtspPort: number, env: NodeJS.ProcessEnv) {
    this.httpPort = httpPort;
    this.rtspPort = rtspPort;
    this.#folder = mkdtempSync(join(tmpdir(), 'seamline-test-'));
    this.child = spawnChild({
      command: process.execPath,
      args: [join(ROOT, 'dist/cli.js'), 'serve'],
      env: {
        ...process.env,
        SEAMLINE_HTTP_PORT: String(httpPort),
        SEAMLINE_RTSP_PORT: String(rtspPort),
        SEAMLINE_WEBRTC_PORT: '0',
        SEAMLINE_JOBS_STATE_FILE: join(this.#folder, 'jobs.json'),
        ...env,
      },
      onStderrLine: (line) => this.lines.push(line),
    });
    createInterface({ input: this.child.stdout }).on('line', (line) => this.lines.push(line));
  }

  /** Resolves when the server answers. */
  static async start(env: NodeJS.ProcessEnv = {}): Promise<SeamlineServer> {
    const server = new SeamlineServer(await freePort(), await freePort(), env);
    try {
      await eventually('the start of the server', 30_000, async () =>
        (await fetch(`${server.url}/health/live`)).ok ? true : undefined,
      );
    } catch (error) {
      await server.stop();
      throw new Error(`the server did not start:\n${server.lines.join('\n')}`, { cause: error });
    }
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  /** Address of a path on its RTSP server. */
  rtsp(path: string): string {
    return `rtsp://127.0.0.1:${this.rtspPort}/${path}`;
  }

  /** POST /stitch. @throws Error when it is not accepted */
  async stitch(body: Record<string, unknown>): Promise<JobView> {
    const answer = await fetch(`${this.url}/stitch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (answer.status !== 201) throw new Error(`POST /stitch: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as JobView;
  }

  async job(id: string): Promise<JobView> {
    return (await (await fetch(`${this.url}/stitch/${id}`)).json()) as JobView;
  }

  /** The job as soon as it is in one of the states; how busy the machine is that runs the tests does not count. */
  waitForState(id: string, states: readonly string[], timeoutMs: number): Promise<JobView> {
    let last: JobView | undefined;
    return eventually(`${states.join(' or ')} of job ${id}`, timeoutMs, async () => {
      last = await this.job(id);
      return states.includes(stateBesideLoad(last)) ? last : undefined;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; last seen: ${JSON.stringify(last)}\n${this.lines.slice(-30).join('\n')}`);
    });
  }

  async stop(): Promise<void> {
    await this.child.stop(8000);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
