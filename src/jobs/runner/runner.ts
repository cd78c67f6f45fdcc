import type { StreamItem } from '../../contract/access-unit.ts';
import type { JobCommand, JobEvent } from '../../contract/job-messages.ts';
import type { JobSpec, PipelineSettings } from '../../contract/job-spec.ts';

/** How a job process ended. `exitCode` is −1 when it could not be started; the last line then says why. */
export interface JobExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly durationMs: number;
  /** Its last lines on stderr, passwords hidden. */
  readonly stderrTail: readonly string[];
}

/** Who is told what a job process says. */
export interface JobListener {
  onEvent(event: JobEvent): void;
  onItem(item: StreamItem): void;
}

/** A question to a job process; the handle adds the id. */
export type JobQuestion =
  | Omit<Extract<JobCommand, { kind: 'change' }>, 'id'>
  | { readonly kind: 'get-geometry' }
  | { readonly kind: 'snapshot' };

/** One job process, wherever it runs. */
export interface JobHandle {
  readonly jobId: string;
  readonly pid: number | undefined;
  /** Resolves when it has ended and all it sent was read; never rejects. */
  readonly exited: Promise<JobExit>;
  /** Asks for a key frame; nothing happens when the process is gone. */
  requestKeyframe(): void;
  /**
   * Answer to a question.
   * @throws SeamlineError the process's own, or `timeout` after `timeoutMs` or when the process is gone
   */
  ask(question: JobQuestion, timeoutMs: number): Promise<unknown>;
  /** Asks it to end, then makes it; resolves when nothing of it is left. Safe to call twice. */
  stop(): Promise<JobExit>;
  /** Ends it at once, with everything it started. */
  kill(): void;
}

/**
 * Starts job processes. Control messages and the stream of access units are all that the API and a job share, so that
 * another implementation may start them on another machine.
 */
export interface Runner {
  start(spec: JobSpec, settings: PipelineSettings, listener: JobListener): JobHandle;
  /** Processes that have not ended. */
  list(): readonly JobHandle[];
}

/** Injection token of the runner. */
export const RUNNER = Symbol('Runner');
