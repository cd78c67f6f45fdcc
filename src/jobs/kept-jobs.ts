import { SafeUrl } from '../common/safe-url.ts';
import type { JobSpec } from '../contract/job-spec.ts';
import { OUTPUT_PROTOCOLS, SOURCE_PROTOCOLS } from './dto/address.validator.ts';
import { isJobId } from './job-id.ts';

/** What stands in a state file. */
export interface KeptJobs {
  readonly jobs: readonly JobSpec[];
  /** Entries that are no jobs, or have another job's id, as they were found. */
  readonly refused: readonly unknown[];
}

/** A state file's text. @param jobs jobs, or entries that are to be looked at by a person */
export function stateText(jobs: readonly unknown[]): string {
  return `${JSON.stringify({ version: 1, jobs }, null, 2)}\n`;
}

/** The jobs in a state file's text, or undefined when it is none of ours. */
export function keptJobs(text: string): KeptJobs | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Cut off or not ours; the caller puts it aside.
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 1) return undefined;
  if (!('jobs' in value) || !Array.isArray(value.jobs)) return undefined;
  const jobs = new Map<string, JobSpec>();
  const refused: unknown[] = [];
  for (const entry of value.jobs as readonly unknown[]) {
    if (isSpec(entry) && !jobs.has(entry.id)) jobs.set(entry.id, entry);
    else refused.push(entry);
  }
  return { jobs: [...jobs.values()], refused };
}

/** The parts of a job that decide what is connected to; the rest only sets numbers. */
function isSpec(value: unknown): value is JobSpec {
  if (typeof value !== 'object' || value === null) return false;
  const spec = value as Partial<Record<keyof JobSpec, unknown>>;
  const isAddress = (text: unknown, protocols: readonly string[]): boolean => {
    try {
      return typeof text === 'string' && SafeUrl.parse(text, protocols) !== undefined;
    } catch {
      return false;
    }
  };
  return (
    typeof spec.id === 'string' &&
    isJobId(spec.id) &&
    typeof spec.path === 'string' &&
    typeof spec.model === 'string' &&
    Number.isInteger(spec.width) &&
    Number.isInteger(spec.bitrateKbps) &&
    isAddress(spec.url1, SOURCE_PROTOCOLS) &&
    isAddress(spec.url2, SOURCE_PROTOCOLS) &&
    Array.isArray(spec.pushUrls) &&
    spec.pushUrls.every((url) => isAddress(url, OUTPUT_PROTOCOLS))
  );
}
