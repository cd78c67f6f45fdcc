import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { StreamItemParser } from '../../contract/access-unit-wire.ts';
import { parseJobEvent, type JobCommand } from '../../contract/job-messages.ts';
import type { JobSpec, PipelineSettings } from '../../contract/job-spec.ts';
import { startProgram } from '../../process/start-program.ts';
import { LineTail } from './line-tail.ts';
import { PendingReplies } from './pending-replies.ts';
import type { JobExit, JobHandle, JobListener, JobQuestion } from './runner.ts';

/** Deadlines of a job process, ms. */
export interface JobProcessOptions {
  readonly entry: URL;
  readonly stopTimeoutMs: number;
  readonly helloTimeoutMs: number;
}

/** File descriptor on which the process writes its StreamItems. */
const STREAM_FD = 4;
/** How long pipes of an ended process are still read, ms: someone it left behind may hold them. */
const DRAIN_MS = 1000;

/**
 * A job process on this machine: control messages by Node's IPC channel, encoded data on a pipe. It does not survive
 * this process: it is killed with it, and ends by itself when the channel closes.
 */
export class JobProcess implements JobHandle {
  readonly jobId: string;
  readonly exited: Promise<JobExit>;
  /** Undefined when it could not be started. */
  readonly #child: ChildProcess | undefined;
  readonly #listener: JobListener;
  readonly #options: JobProcessOptions;
  readonly #replies = new PendingReplies();
  readonly #notes: string[] = [];
  #stopping: Promise<JobExit> | undefined;
  /** Questions that came before the process was ready for them; as many as may wait for an answer. */
  readonly #early: JobCommand[] = [];
  #hasGreeted = false;
  #hasEnded = false;

  constructor(spec: JobSpec, settings: PipelineSettings, listener: JobListener, options: JobProcessOptions) {
    this.jobId = spec.id;
    this.#listener = listener;
    this.#options = options;
    // The id alone is on the command line; addresses travel over the channel, where `ps` does not show them.
    const { child, failure } = startProgram(process.execPath, [fileURLToPath(options.entry), spec.id], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
      serialization: 'advanced',
    });
    this.#child = child;
    this.exited = this.#watch(failure);
    this.#readItems();
    const helloDue = setTimeout(
      () => this.#giveUp(`no hello within ${options.helloTimeoutMs} ms`),
      options.helloTimeoutMs,
    );
    this.#child?.on('message', (message) => {
      const event = parseJobEvent(message);
      if (event === undefined || this.#hasEnded) return;
      if (event.kind === 'hello') {
        clearTimeout(helloDue);
        this.#hasGreeted = true;
        this.#send({ kind: 'start', spec, settings });
        for (const command of this.#early.splice(0)) this.#send(command);
      }
      if (event.kind === 'reply') this.#replies.settle(event);
      else listener.onEvent(event);
    });
    void this.exited.then(() => clearTimeout(helloDue));
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  requestKeyframe(): void {
    this.#send({ kind: 'keyframe' });
  }

  async ask(question: JobQuestion, timeoutMs: number): Promise<unknown> {
    const what = `the job's answer to ${question.kind}`;
    if (this.#hasEnded) return this.#replies.ask(() => this.#replies.abandon(), timeoutMs, what);
    return this.#replies.ask(
      (id) => {
        if (this.#hasGreeted) this.#send({ ...question, id });
        else this.#early.push({ ...question, id });
      },
      timeoutMs,
      what,
    );
  }

  stop(): Promise<JobExit> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  kill(): void {
    this.#signalGroup('SIGKILL');
  }

  async #stop(): Promise<JobExit> {
    this.#send({ kind: 'stop' });
    const { stopTimeoutMs } = this.#options;
    const term = setTimeout(() => this.#child?.kill('SIGTERM'), stopTimeoutMs);
    const kill = setTimeout(() => this.kill(), 2 * stopTimeoutMs);
    const exit = await this.exited;
    clearTimeout(term);
    clearTimeout(kill);
    return exit;
  }

  #giveUp(why: string): void {
    this.#notes.push(why);
    this.kill();
  }

  #watch(failure: Promise<string>): Promise<JobExit> {
    const startedMs = performance.now();
    const child = this.#child;
    const [stdout, stderr] = [child?.stdout, child?.stderr].map((stream) =>
      stream ? new LineTail(stream) : undefined,
    );
    return new Promise((resolve) => {
      const end = (exitCode: number | null, signal: string | null): void => {
        if (this.#hasEnded) return;
        this.#hasEnded = true;
        this.#replies.abandon();
        // What it started stays in its group or dies with it; nothing may outlive it.
        this.#signalGroup('SIGKILL');
        const stderrTail = [...(stdout?.lines ?? []), ...(stderr?.lines ?? []), ...this.#notes];
        resolve({ exitCode, signal, durationMs: performance.now() - startedMs, stderrTail });
      };
      void failure.then((reason) => {
        this.#notes.push(reason);
        end(-1, null);
      });
      child?.on('exit', (exitCode, signal) => {
        setTimeout(() => end(exitCode, signal), DRAIN_MS).unref();
      });
      child?.on('close', end);
    });
  }

  #readItems(): void {
    const pipe = this.#child?.stdio[STREAM_FD] as Readable | null | undefined;
    if (pipe === null || pipe === undefined) return;
    const parser = new StreamItemParser();
    pipe.on('error', () => undefined);
    pipe.on('data', (chunk: Uint8Array) => {
      if (this.#hasEnded) return;
      try {
        for (const item of parser.push(chunk)) this.#listener.onItem(item);
      } catch (error) {
        // Nothing that follows on the pipe can be understood.
        pipe.destroy();
        this.#giveUp(`its stream is broken: ${error instanceof Error ? error.message : 'no reason given'}`);
      }
    });
  }

  #send(command: JobCommand): void {
    if (this.#hasEnded || this.#child?.connected !== true) return;
    // Sending fails when the process ends at the same moment; its end is reported once, by `exited`.
    this.#child.send(command, () => undefined);
  }

  #signalGroup(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The group is empty: nothing is left, which is what was wanted.
    }
  }
}
