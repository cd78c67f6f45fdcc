import { SeamlineError } from '../common/seamline-error.ts';
import type { JobCommand, JobEvent } from '../contract/job-messages.ts';
import type { JobSpec, PipelineSettings } from '../contract/job-spec.ts';
import { loggerOver } from '../logging/logger.ts';
import { JobChannel } from './job-channel.ts';
import type { JobPipeline } from './job-pipeline.ts';
import type { PipelineService } from './pipeline.service.ts';
import { StreamPipe } from './stream-pipe.ts';

/** File descriptor of the pipe of encoded data, opened by the server that forked this process. */
const STREAM_FD = 4;
const STATUS_INTERVAL_MS = 1000;
/** A stop that takes longer ends the process all the same; children end with it. */
const STOP_DEADLINE_MS = 4000;
/** When the server is gone, nothing is left after this long (architecture.md, section 7: two seconds). */
const ORPHAN_DEADLINE_MS = 1500;

/** Speaks with the server on behalf of the one pipeline of this process. */
export class JobRunner {
  readonly #service: PipelineService;
  readonly #channel: JobChannel;
  readonly #exit: (code: number) => void;
  readonly #log = loggerOver((level, message, fields) => {
    const known = level === 'fatal' ? 'error' : level === 'trace' ? 'debug' : level;
    void this.#channel.send({ kind: 'log', level: known, message, fields });
  });
  readonly #pipe = StreamPipe.over(STREAM_FD, () => this.#pipeline?.requestKeyframe());
  #pipeline: JobPipeline | undefined;
  #statusTimer: ReturnType<typeof setInterval> | undefined;
  #isEnding = false;

  constructor(service: PipelineService, exit: (code: number) => void) {
    this.#service = service;
    this.#exit = exit;
    this.#channel = new JobChannel(
      (command) => void this.#take(command).catch((error: unknown) => this.fail(error)),
      () => void this.#end(0, ORPHAN_DEADLINE_MS),
    );
    void this.#channel.send({ kind: 'hello', pid: process.pid });
  }

  /** Ends the process in order, as SIGTERM asks. */
  stop(): void {
    void this.#end(0, STOP_DEADLINE_MS);
  }

  /** Reports an error that the pipeline cannot go on with and ends the process. */
  fail(error: unknown): void {
    if (this.#isEnding) return;
    const problem =
      error instanceof SeamlineError
        ? error.toProblem()
        : { type: 'about:blank', title: 'Internal error', status: 500, detail: 'the job met an internal error' };
    this.#log.error('job failed', { err: error });
    void this.#channel.send({ kind: 'failed', problem }).then(() => this.#end(1, STOP_DEADLINE_MS));
  }

  async #take(command: JobCommand): Promise<void> {
    switch (command.kind) {
      case 'start':
        return this.#start(command.spec, command.settings);
      case 'stop':
        return this.#end(0, STOP_DEADLINE_MS);
      case 'keyframe':
        this.#pipeline?.requestKeyframe();
        return undefined;
      case 'change':
        return this.#reply(command.id, () => this.#running().change(command));
      case 'get-geometry':
        return this.#reply(command.id, () => this.#running().geometry());
      case 'snapshot':
        return this.#reply(command.id, async () => Buffer.from(await this.#running().snapshot()).toString('base64'));
    }
  }

  async #start(spec: JobSpec, settings: PipelineSettings): Promise<void> {
    if (this.#pipeline !== undefined) throw new Error('the job is started already');
    const pipeline = this.#service.create(spec, settings, {
      onItem: (item) => this.#pipe.write(item),
      onFailure: (error) => this.fail(error),
      log: this.#log,
    });
    this.#pipeline = pipeline;
    const report = (): void => void this.#channel.send({ kind: 'status', status: pipeline.status() });
    this.#statusTimer = setInterval(report, STATUS_INTERVAL_MS);
    await pipeline.start();
    report();
  }

  #running(): JobPipeline {
    if (this.#pipeline === undefined) throw new SeamlineError('stream-not-found', 'the job is not started yet');
    return this.#pipeline;
  }

  async #reply(id: number, answer: () => unknown): Promise<void> {
    let event: JobEvent;
    try {
      event = { kind: 'reply', id, ok: true, value: await answer() };
    } catch (error) {
      if (!(error instanceof SeamlineError)) throw error;
      event = { kind: 'reply', id, ok: false, problem: error.toProblem() };
    }
    await this.#channel.send(event);
  }

  async #end(code: number, deadlineMs: number): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    clearInterval(this.#statusTimer);
    setTimeout(() => this.#exit(code), deadlineMs).unref();
    await this.#pipeline?.close();
    this.#pipe.close();
    this.#exit(code);
  }
}
