import type { ServerResponse } from 'node:http';
import { SeamlineError } from '../../common/seamline-error.ts';
import type { Logger } from '../../logging/logger.ts';
import type { StreamRegistry } from '../stream-registry.ts';
import { FlvSession } from './session.ts';

/** What serving HTTP-FLV needs. */
export interface FlvServerOptions {
  readonly registry: StreamRegistry;
  readonly log: Logger;
  readonly maxSessions?: number;
  /** How long a request waits for the first picture of a stream that has none yet. */
  readonly formatTimeoutMs?: number;
  /** Bytes that may wait in this process for one reader. */
  readonly maxQueuedBytes?: number;
}

/** How long a reader that was given up may take to read the rest. */
const CLOSE_GRACE_MS = 500;

/** Serves streams as FLV in HTTP answers that never end by themselves. */
export class FlvServer {
  readonly #options: FlvServerOptions;
  readonly #ends = new Set<(reason: string) => void>();

  constructor(options: FlvServerOptions) {
    this.#options = options;
  }

  /** Readers at this moment. */
  get sessions(): number {
    return this.#ends.size;
  }

  /**
   * Checks that there is something to play.
   * @throws SeamlineError `stream-not-found`, `timeout` when no picture came in time, `too-many-requests`
   */
  async prepare(path: string): Promise<void> {
    const { registry, maxSessions = 200, formatTimeoutMs = 10_000 } = this.#options;
    const hub = registry.get(path);
    if (hub === undefined) throw new SeamlineError('stream-not-found', `no job publishes at the path ${path}`);
    if (this.#ends.size >= maxSessions) throw new SeamlineError('too-many-requests', 'too many readers of HTTP-FLV');
    await hub.waitForFormat(formatTimeoutMs);
  }

  /**
   * Streams until the reader leaves, the stream ends or the server closes.
   * @param response its headers are not sent yet
   * @param headers further headers of the answer
   * @param reader address of the reader, for the log
   */
  serve(path: string, response: ServerResponse, headers: Readonly<Record<string, string>>, reader: string): void {
    const { registry, log, maxQueuedBytes = 1024 * 1024 } = this.#options;
    const hub = registry.get(path);
    if (hub === undefined) {
      response.destroy();
      return;
    }
    response.writeHead(200, { ...headers, 'content-type': 'video/x-flv', 'cache-control': 'no-store' });
    response.flushHeaders();
    let unsubscribe = (): void => undefined;
    const end = (reason: string): void => {
      if (!this.#ends.delete(end)) return;
      unsubscribe();
      log.info('flv session closed', { client: reader, path, reason });
      response.end();
      setTimeout(() => response.destroy(), CLOSE_GRACE_MS).unref();
    };
    this.#ends.add(end);
    response.on('close', () => end('the client has left'));
    // 'close' follows and does what is to be done.
    response.on('error', () => undefined);
    log.info('flv session opened', { client: reader, path });
    unsubscribe = hub.subscribe(
      new FlvSession({ protocol: 'flv', name: reader, output: response, maxQueuedBytes, onEnd: end }),
    );
    if (!this.#ends.has(end)) unsubscribe();
  }

  /** Ends every reader. Safe to call twice. */
  close(): Promise<void> {
    for (const end of this.#ends) end('the server stops');
    return Promise.resolve();
  }
}
