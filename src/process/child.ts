import { PassThrough, Readable, type Writable } from 'node:stream';
import { redactUrls } from '../common/safe-url.ts';
import { startProgram } from './start-program.ts';

/** How a child ended. `exitCode` is −1 when it could not be started at all. */
export interface ChildExit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly durationMs: number;
  /** The last lines of its stderr, passwords hidden. */
  readonly stderrTail: readonly string[];
}

/** A child process with one owner. */
export interface OwnedChild {
  readonly pid: number | undefined;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when the child has ended and all its output was read; never rejects. */
  readonly exited: Promise<ChildExit>;
  /** SIGTERM, then SIGKILL after `graceMs`. Safe to call twice. */
  stop(graceMs?: number): Promise<ChildExit>;
  /** Ends its input, which lets it end in order, then SIGKILL after `graceMs`. Safe to call twice. */
  finish(graceMs?: number): Promise<ChildExit>;
  kill(): void;
}

/** What to start. */
export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Each line of stderr, passwords hidden. */
  readonly onStderrLine?: (line: string) => void;
  /** This process's own without its configuration by default. */
  readonly env?: NodeJS.ProcessEnv;
}

const STDERR_LINES = 50;
const STDERR_LINE_CHARS = 2000;
const DEFAULT_GRACE_MS = 5000;

/** Starts a program as `startProgram` does, with pipes for what it reads and says. Never throws. */
export function spawnChild(options: ChildOptions): OwnedChild {
  const startedMs = performance.now();
  const { child, failure } = startProgram(options.command, options.args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  // Nobody reads and nobody writes where there is no process.
  const stdin = child?.stdin ?? new PassThrough().resume();
  const stdout = child?.stdout ?? Readable.from([]);
  const tail = new StderrTail(options.onStderrLine);
  child?.stderr?.setEncoding('utf8').on('data', (text: string) => tail.push(text));
  // A child that is gone makes writing fail; its end is reported once, by `exited`.
  stdin.on('error', () => undefined);
  const exited = new Promise<ChildExit>((resolve) => {
    const end = (exitCode: number | null, signal: NodeJS.Signals | null, reason: readonly string[] = []): void => {
      tail.flush();
      resolve({ exitCode, signal, durationMs: performance.now() - startedMs, stderrTail: [...tail.lines, ...reason] });
    };
    void failure.then((reason) => end(-1, null, [reason]));
    child?.on('close', (exitCode, signal) => end(exitCode, signal));
  });
  return {
    pid: child?.pid,
    stdin,
    stdout,
    exited,
    stop: async (graceMs = DEFAULT_GRACE_MS) => {
      if (child === undefined) return exited;
      const hasEnded = child.exitCode !== null || child.signalCode !== null;
      if (!hasEnded) child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      // Output that nobody reads any more would keep the pipe, and with it the end, open for ever.
      if (hasEnded) stdout.destroy();
      else child.once('exit', () => stdout.destroy());
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
    finish: async (graceMs = DEFAULT_GRACE_MS) => {
      stdin.end();
      const timer = setTimeout(() => child?.kill('SIGKILL'), graceMs);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
    kill: () => {
      child?.kill('SIGKILL');
    },
  };
}

class StderrTail {
  readonly lines: string[] = [];
  readonly #onLine: ((line: string) => void) | undefined;
  #rest = '';

  constructor(onLine: ((line: string) => void) | undefined) {
    this.#onLine = onLine;
  }

  push(text: string): void {
    const parts = (this.#rest + text).split(/[\r\n]+/);
    this.#rest = (parts.pop() ?? '').slice(-STDERR_LINE_CHARS);
    for (const part of parts) this.#keep(part);
  }

  flush(): void {
    this.#keep(this.#rest);
    this.#rest = '';
  }

  #keep(raw: string): void {
    if (raw.trim() === '') return;
    const line = redactUrls(raw.slice(0, STDERR_LINE_CHARS));
    this.lines.push(line);
    if (this.lines.length > STDERR_LINES) this.lines.shift();
    this.#onLine?.(line);
  }
}
