import { backoffMs } from '../common/backoff.ts';
import type { Clock } from '../common/clock.ts';
import { RateReporter } from '../common/rate-reporter.ts';
import { isProblemType, problems, type Problem } from '../common/problems.ts';
import type { StreamItem } from '../contract/access-unit.ts';
import type { JobEvent, PipelineStatus } from '../contract/job-messages.ts';
import type { JobSpec, PipelineSettings } from '../contract/job-spec.ts';
import type { Logger } from '../logging/logger.ts';
import { INITIAL_STATE, isFinal, transition, type JobEffect, type JobInput, type JobState } from './job-state.ts';
import type { JobExit, JobHandle, Runner } from './runner/runner.ts';

/** What a supervisor works with. */
export interface SupervisorOptions {
  readonly runner: Runner;
  readonly settings: () => PipelineSettings;
  readonly clock: Clock;
  /** 0 … 1, spreads the pauses between starts. */
  readonly random: () => number;
  readonly logger: Logger;
  /** From the start of a process to its first status, ms. */
  readonly startTimeoutMs: number;
  /** A process without a status for this long is replaced, ms. */
  readonly silenceTimeoutMs: number;
  readonly onItem: (item: StreamItem) => void;
  /** The job's outputs must end; called once. */
  readonly onClosed: (reason: string) => void;
  /** State or figures have changed. */
  readonly onChange: () => void;
}

/** Good running after which earlier ends are forgotten, µs. */
const STEADY_US = 60_000_000;
/** Log lines of a job process per second; more are counted. */
const MAX_LINES_PER_SECOND = 100;

/** Keeps one job going: starts its process, watches it, starts it again, and ends it. The rules are in job-state.ts. */
export class JobSupervisor {
  #spec: JobSpec;
  readonly #options: SupervisorOptions;
  readonly #logger: Logger;
  readonly #lostLines: RateReporter<string>;
  #state: JobState = INITIAL_STATE;
  #status: PipelineStatus | undefined;
  /** Of the output as players know it; every later process keeps it, whatever it finds at its start. */
  #size: Partial<Pick<JobSpec, 'outputWidth' | 'outputHeight'>> = {};
  #handle: JobHandle | undefined;
  #timer: NodeJS.Timeout | undefined;
  #processUs = 0;
  #lineWindowUs = 0;
  #lines = 0;
  #closing: Promise<void> | undefined;

  constructor(spec: JobSpec, options: SupervisorOptions) {
    this.#spec = spec;
    this.#options = options;
    this.#logger = options.logger.child({ jobId: spec.id });
    this.#lostLines = new RateReporter(options.clock, (count, reason) =>
      this.#logger.warn('lines of a job process dropped', { count, reason }),
    );
  }

  get state(): JobState {
    return this.#state;
  }

  /** Newest figures of the process, undefined while there is none. */
  get status(): PipelineStatus | undefined {
    return this.#status;
  }

  get spec(): JobSpec {
    return this.#spec;
  }

  /** The running process, if there is one. */
  get handle(): JobHandle | undefined {
    return this.#handle;
  }

  start(): void {
    this.#startProcess();
  }

  /** A changed job: what the next process starts with. */
  amend(spec: JobSpec): void {
    this.#spec = spec;
  }

  requestKeyframe(): void {
    this.#handle?.requestKeyframe();
  }

  /** Stops the job; resolves when no process is left. Safe to call twice. */
  stop(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#timer);
    const handle = this.#handle;
    this.#apply({ kind: 'stop' });
    if (handle !== undefined) await handle.stop();
    this.#apply({ kind: 'process-ended', description: 'it was stopped' });
  }

  #apply(input: JobInput): void {
    const before = this.#state;
    const [next, effects] = transition(before, input);
    this.#state = next;
    if (next.phase !== before.phase || next.reasons.join() !== before.reasons.join()) {
      const level = next.phase === 'failed' ? 'error' : next.phase === 'degraded' ? 'warn' : 'info';
      this.#logger.log(level, 'job state changed', { state: next.phase, reason: next.reasons.join('; ') });
    }
    for (const effect of effects) this.#carryOut(effect);
    if (next !== before) this.#options.onChange();
  }

  #carryOut(effect: JobEffect): void {
    switch (effect.kind) {
      case 'start-process': {
        const pauseMs = backoffMs(effect.attempt - 1, this.#options.random);
        this.#timer = setTimeout(() => this.#startProcess(), pauseMs);
        return;
      }
      case 'stop-process':
        clearTimeout(this.#timer);
        void this.#handle?.stop();
        return;
      case 'close-outputs':
        this.#status = undefined;
        this.#options.onClosed(effect.reason);
        return;
    }
  }

  #startProcess(): void {
    if (isFinal(this.#state.phase) || this.#state.phase === 'stopping') return;
    this.#processUs = this.#options.clock.nowUs();
    const handle = this.#options.runner.start({ ...this.#spec, ...this.#size }, this.#options.settings(), {
      onEvent: (event) => {
        if (this.#handle === handle) this.#onEvent(event);
      },
      onItem: (item) => {
        if (this.#handle === handle) this.#onItem(item);
      },
    });
    this.#handle = handle;
    if (handle.pid !== undefined) this.#logger.info('job process started', { pid: handle.pid });
    this.#expectStatus(this.#options.startTimeoutMs);
    void handle.exited.then((exit) => this.#onExit(handle, exit));
    this.#apply({ kind: 'process-started' });
  }

  #expectStatus(timeoutMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#logger.warn('job process is silent', { durationMs: timeoutMs });
      this.#handle?.kill();
    }, timeoutMs);
  }

  #onEvent(event: JobEvent): void {
    if (event.kind === 'status') this.#onStatus(event.status);
    else if (event.kind === 'log') this.#relay(event);
    else if (event.kind === 'failed') {
      const name = event.problem.type.replace('/problems/', '');
      // An error without a type is a fault inside: a new process may do better, as after a crash.
      const known: Problem = isProblemType(name) ? problems[name] : { status: 500, title: '', retryable: true };
      this.#apply({ kind: 'process-failed', problem: event.problem, isRetryable: known.retryable === true });
    }
  }

  #onItem(item: StreamItem): void {
    if (item.kind === 'format') {
      const { widthPx: outputWidth, heightPx: outputHeight } = item.format;
      this.#size = { outputWidth, outputHeight };
    }
    this.#options.onItem(item);
  }

  #onStatus(status: PipelineStatus): void {
    this.#status = status;
    if (this.#state.phase !== 'stopping') this.#expectStatus(this.#options.silenceTimeoutMs);
    const isGood = this.#state.phase === 'running' && this.#state.attempt > 0;
    if (isGood && this.#options.clock.nowUs() - this.#processUs > STEADY_US) this.#apply({ kind: 'steady' });
    this.#apply({ kind: 'status', status });
  }

  #relay(event: Extract<JobEvent, { kind: 'log' }>): void {
    const nowUs = this.#options.clock.nowUs();
    if (nowUs - this.#lineWindowUs > 1_000_000) {
      this.#lineWindowUs = nowUs;
      this.#lines = 0;
    }
    this.#lines += 1;
    if (this.#lines > MAX_LINES_PER_SECOND) this.#lostLines.note(event.message);
    else this.#logger.log(event.level, event.message, event.fields);
  }

  #onExit(handle: JobHandle, exit: JobExit): void {
    if (this.#handle !== handle) return;
    this.#handle = undefined;
    this.#status = undefined;
    clearTimeout(this.#timer);
    const isWanted = this.#state.phase === 'stopping' || isFinal(this.#state.phase);
    const { pid } = handle;
    this.#logger.log(isWanted ? 'info' : 'warn', 'job process ended', isWanted ? { pid } : { pid, ...exit });
    if (!isWanted) this.#apply({ kind: 'process-ended', description: describe(exit) });
  }
}

function describe(exit: JobExit): string {
  if (exit.exitCode === -1) return `it could not be started: ${exit.stderrTail.at(-1) ?? 'no reason given'}`;
  const how = exit.signal === null ? `with exit code ${exit.exitCode}` : `by ${exit.signal}`;
  const last = exit.stderrTail.at(-1);
  return last === undefined ? `it ended ${how}` : `it ended ${how}: ${last}`;
}
