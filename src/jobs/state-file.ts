import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backoffMs } from '../common/backoff.ts';
import { SafeUrl } from '../common/safe-url.ts';
import type { JobSpec } from '../contract/job-spec.ts';
import type { Logger } from '../logging/logger.ts';
import { OUTPUT_PROTOCOLS, SOURCE_PROTOCOLS } from './dto/address.validator.ts';
import { isJobId } from './job-id.ts';

/** Pauses before a file that could not be written is tried again. */
const RETRY = { firstMs: 2000, maxMs: 30_000, jitter: 0.2 };

/** Only the owner may read it: it holds camera passwords. */
const MODE = 0o600;

interface Contents {
  readonly version: 1;
  readonly jobs: readonly JobSpec[];
}

/**
 * Jobs that outlive the server, in one JSON file. It is replaced as a whole (written beside, synced, renamed), so that a
 * crash in the middle leaves the old or the new one. A file that cannot be written (a full disk) costs a warning, never
 * a job; it is tried again until it can be.
 */
export class StateFile {
  readonly #path: string;
  readonly #logger: Logger;
  #wanted: Contents | undefined;
  #writing: Promise<void> | undefined;
  #failures = 0;
  #problem: string | undefined;
  #retry: NodeJS.Timeout | undefined;

  /** @param path absolute */
  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
  }

  /** The jobs of the file; none when there is no file. One that cannot be read is put aside for a person to look at. */
  async load(): Promise<readonly JobSpec[]> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'ENOENT') this.#logger.error('state file cannot be read', { err });
      return [];
    }
    const jobs = jobsOf(text);
    if (jobs !== undefined) return jobs;
    const aside = `${this.#path}.corrupt`;
    await rename(this.#path, aside).catch(() => undefined);
    this.#logger.error('state file is corrupt and was put aside', { file: aside });
    return [];
  }

  /** Why the file does not hold what it should, in plain words; undefined while it does. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Writes these jobs; of several calls while one is written only the last counts. Resolves when they are on disk. */
  save(jobs: readonly JobSpec[]): Promise<void> {
    this.#wanted = { version: 1, jobs };
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  /** Resolves when everything is written, or cannot be. */
  async close(): Promise<void> {
    await this.#writing;
    clearTimeout(this.#retry);
  }

  async #writeAll(): Promise<void> {
    clearTimeout(this.#retry);
    for (let next = this.#wanted; next !== undefined; next = this.#wanted) {
      this.#wanted = undefined;
      try {
        await this.#write(next);
        if (this.#failures > 0) this.#logger.info('state file is written again');
        this.#failures = 0;
        this.#problem = undefined;
      } catch (err) {
        this.#problem = problemOf(err);
        this.#logger.warn('state file cannot be written', { err });
        this.#tryAgain(next);
      }
    }
    this.#writing = undefined;
  }

  #tryAgain(contents: Contents): void {
    const pauseMs = backoffMs(this.#failures, Math.random, RETRY);
    this.#failures += 1;
    this.#retry = setTimeout(() => void this.save((this.#wanted ?? contents).jobs), pauseMs);
    // A server that ends does not wait for it.
    this.#retry.unref();
  }

  async #write(contents: Contents): Promise<void> {
    const draft = `${this.#path}.new`;
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await rm(draft, { force: true });
    const file = await open(draft, 'wx', MODE);
    try {
      await file.writeFile(`${JSON.stringify(contents, null, 2)}\n`);
      await file.sync();
    } catch (error) {
      // Half a file would take the room that others need.
      await rm(draft, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    await rename(draft, this.#path);
  }
}

/** Without the path: the words are shown to whoever asks whether the server is well. */
function problemOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  const why = code === 'ENOSPC' ? 'no space is left on its disk' : `writing fails with ${code}`;
  return `the state file cannot be written: ${why}; jobs with restart: always may not come back after a restart`;
}

/** The jobs in a state file's text, or undefined when it is none of ours. */
export function jobsOf(text: string): readonly JobSpec[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Cut off or not ours; the caller puts it aside.
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 1) return undefined;
  if (!('jobs' in value) || !Array.isArray(value.jobs)) return undefined;
  return value.jobs.every(isSpec) ? value.jobs : undefined;
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
