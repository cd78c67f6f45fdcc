import type { PipelineSettings } from '../../contract/job-spec.ts';
import type { JobSpec } from '../../contract/job-spec.ts';
import { JobProcess } from './job-process.ts';
import type { JobHandle, JobListener, Runner } from './runner.ts';

/** How job processes are started on this machine. */
export interface LocalRunnerOptions {
  /** The program: `pipeline.main` of the build. */
  readonly entry: URL;
  /** How long a process may take to end by itself after `stop`, and again after SIGTERM, ms. */
  readonly stopTimeoutMs: number;
  /** How long a process may take until it says hello, ms. */
  readonly helloTimeoutMs: number;
}

/** Forks one process per job. */
export class LocalRunner implements Runner {
  readonly #options: LocalRunnerOptions;
  readonly #processes = new Set<JobProcess>();

  constructor(options: LocalRunnerOptions) {
    this.#options = options;
  }

  start(spec: JobSpec, settings: PipelineSettings, listener: JobListener): JobHandle {
    const child = new JobProcess(spec, settings, listener, this.#options);
    this.#processes.add(child);
    void child.exited.then(() => this.#processes.delete(child));
    return child;
  }

  list(): readonly JobHandle[] {
    return [...this.#processes];
  }
}
