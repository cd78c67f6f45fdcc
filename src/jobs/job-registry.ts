import { SeamlineError } from '../common/seamline-error.ts';
import type { JobSpec } from '../contract/job-spec.ts';
import { addressKey } from './job-outputs.ts';
import { isFinal } from './job-state.ts';
import type { JobOutput } from './job-output.ts';
import type { JobSupervisor } from './job-supervisor.ts';

/** One job of this server. */
export interface Job {
  readonly id: string;
  readonly createdMs: number;
  /** GPU that was given to it. */
  readonly deviceId: number | undefined;
  readonly supervisor: JobSupervisor;
  readonly output: JobOutput;
}

/** Failed jobs that are still shown; beyond it the oldest are forgotten. */
const MAX_FAILED = 100;

/** Every job by its id, and which outputs are taken. */
export class JobRegistry {
  readonly #jobs = new Map<string, Job>();

  /** @throws SeamlineError `output-in-use` when a job that has not ended has one of the outputs */
  checkOutputs(spec: JobSpec): void {
    const pushes = new Set(spec.pushUrls.map(addressKey));
    for (const { supervisor } of this.active()) {
      const other = supervisor.spec;
      if (other.path === spec.path) throw inUse(`job ${other.id} publishes at the path ${spec.path} already`);
      if (other.pushUrls.some((url) => pushes.has(addressKey(url)))) {
        throw inUse(`job ${other.id} pushes to one of these addresses already`);
      }
    }
  }

  add(job: Job): void {
    this.#jobs.set(job.id, job);
    const failed = this.list().filter(({ supervisor }) => supervisor.state.phase === 'failed');
    for (const old of failed.slice(0, -MAX_FAILED)) this.#jobs.delete(old.id);
  }

  /** @throws SeamlineError `job-not-found` */
  get(id: string): Job {
    const job = this.#jobs.get(id);
    if (job === undefined)
      throw new SeamlineError('job-not-found', 'there is no job of this id; GET /stitch lists all');
    return job;
  }

  has(id: string): boolean {
    return this.#jobs.has(id);
  }

  delete(id: string): void {
    this.#jobs.delete(id);
  }

  /** All jobs, oldest first. */
  list(): Job[] {
    return [...this.#jobs.values()];
  }

  /** Jobs that have not ended: what counts for limits, GPUs and outputs. */
  active(): Job[] {
    return this.list().filter(({ supervisor }) => !isFinal(supervisor.state.phase));
  }
}

function inUse(message: string): SeamlineError {
  return new SeamlineError('output-in-use', message, {
    errors: [{ field: 'output_url', message: 'is the output of another job' }],
  });
}

/** The GPU with the fewest jobs, the first of equals; undefined when none is configured. */
export function leastLoaded(devices: readonly number[], taken: readonly (number | undefined)[]): number | undefined {
  const load = (device: number): number => taken.filter((other) => other === device).length;
  return devices.toSorted((a, b) => load(a) - load(b))[0];
}
