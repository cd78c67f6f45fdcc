import { once } from 'node:events';
import { lstat, mkdir, open, rm, stat, type FileHandle } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { basename, dirname } from 'node:path';
import { SeamlineError } from '../common/seamline-error.ts';
import type { Logger } from '../logging/logger.ts';

/** How long the holder of a lock may take to say who it is. */
const ANSWER_MS = 500;
/** After taking over what a dead server left, another that did so at the same moment has shown itself. */
const SETTLE_MS = 150;
const MAX_ATTEMPTS = 5;

/**
 * Keeps two servers from running the jobs of one state file. It is a socket beside the file that its server listens on:
 * the system knows whether somebody does, also across containers, so that one left by a server that was killed holds
 * nobody up. Where no such socket can be made the server runs without it.
 */
export class StateLock {
  readonly #path: string;
  readonly #logger: Logger;
  /** Paths of sockets have about 100 bytes; by the open folder every path is short. */
  #folder: FileHandle | undefined;
  #server: Server | undefined;

  /** @param path absolute path of the state file */
  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
  }

  /** @throws SeamlineError `state-file-in-use` */
  async take(): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      this.#folder = await open(dirname(this.#path), 'r');
      await this.#listen(`/proc/self/fd/${this.#folder.fd}/${basename(this.#path)}.lock`);
    } catch (err) {
      await this.release();
      if (err instanceof SeamlineError) throw err;
      this.#logger.warn('state file cannot be locked, another server with the same one would not be noticed', { err });
    }
  }

  /** Safe to call twice. */
  async release(): Promise<void> {
    const [server, folder] = [this.#server, this.#folder];
    this.#server = undefined;
    this.#folder = undefined;
    // Removes the socket, too.
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
    await folder?.close();
  }

  async #listen(socket: string): Promise<void> {
    let hasTakenOver = false;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const server = createServer((peer) => {
        peer.on('error', () => undefined).end(String(process.pid));
      });
      server.listen(socket);
      try {
        await once(server, 'listening');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
        const holder = await holderOf(socket);
        if (holder !== undefined) throw this.#inUse(holder);
        if (!(await lstat(socket)).isSocket()) throw error;
        await rm(socket, { force: true });
        hasTakenOver = true;
        continue;
      }
      // A server that ends is not kept by it.
      server.unref();
      if (hasTakenOver && !(await isStillThere(socket))) throw this.#inUse('which has just started');
      this.#server = server;
      return;
    }
    throw this.#inUse('which has just started');
  }

  #inUse(holder: string): SeamlineError {
    const words = `another server (${holder}) runs the jobs of ${this.#path}`;
    return new SeamlineError('state-file-in-use', `${words}; stop it, or give this one a jobs.stateFile of its own`);
  }
}

/** Who listens there, in words; undefined when nobody does. */
async function holderOf(socket: string): Promise<string | undefined> {
  const peer = connect(socket);
  try {
    await once(peer, 'connect');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    return ['ECONNREFUSED', 'ENOENT'].includes(code) ? undefined : `unknown, ${code}`;
  }
  try {
    const [pid] = (await once(peer, 'data', { signal: AbortSignal.timeout(ANSWER_MS) })) as [Buffer];
    return `process ${pid.toString()}`;
  } catch {
    // It is busy or of another kind, but it is there.
    return 'which does not answer';
  } finally {
    peer.destroy();
  }
}

/** Whether a socket that was just made has not been taken for a dead one and replaced. */
async function isStillThere(socket: string): Promise<boolean> {
  const { ino } = await stat(socket);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return (await stat(socket).catch(() => undefined))?.ino === ino;
}
