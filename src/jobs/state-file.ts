import { lstat, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backoffMs } from '../common/backoff.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import type { JobSpec } from '../contract/job-spec.ts';
import type { Logger } from '../logging/logger.ts';
import { keptJobs, stateText } from './kept-jobs.ts';

/** Pauses before a file that could not be written is tried again. */
const RETRY = { firstMs: 2000, maxMs: 30_000, jitter: 0.2 };

/** Only the owner may read it: it holds camera passwords. */
const MODE = 0o600;

/**
 * Jobs that outlive the server, in one JSON file. It is replaced as a whole (written beside, synced, renamed), so that a
 * crash in the middle leaves the old or the new one. A file that cannot be written (a full disk) costs a warning, never
 * a job; it is tried again until it can be.
 */
export class StateFile {
  readonly #path: string;
  readonly #logger: Logger;
  #wanted: readonly JobSpec[] | undefined;
  #writing: Promise<void> | undefined;
  #failures = 0;
  #problem: string | undefined;
  #retry: NodeJS.Timeout | undefined;

  /** @param path absolute */
  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
  }

  /**
   * The jobs of the file; none when there is no file. What is no job in it, or the file when it is no state file, is put
   * aside for a person to look at.
   * @throws SeamlineError `file-unreadable` when the next save would destroy what the file may hold
   */
  async load(): Promise<readonly JobSpec[]> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.#path);
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw this.#unusable('cannot be read', err);
    }
    const kept = keptJobs(bytes.toString('utf8'));
    if (kept?.refused.length === 0) return kept.jobs;
    if (kept === undefined) {
      const file = await this.#putAside((aside) => rename(this.#path, aside));
      this.#logger.error('state file is corrupt and was put aside', { file });
      return [];
    }
    const { jobs, refused } = kept;
    const file = await this.#putAside((aside) => writeFile(aside, stateText(refused), { mode: MODE, flush: true }));
    this.#logger.error('state file has entries that are no jobs; they were put aside', { file, count: refused.length });
    // Else each start would find and put aside the same again.
    await this.save(jobs);
    return jobs;
  }

  /** Why the file does not hold what it should, in plain words; undefined while it does. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Writes these jobs; of several calls while one is written only the last counts. Resolves when they are on disk. */
  save(jobs: readonly JobSpec[]): Promise<void> {
    this.#wanted = jobs;
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

  #tryAgain(jobs: readonly JobSpec[]): void {
    const pauseMs = backoffMs(this.#failures, Math.random, RETRY);
    this.#failures += 1;
    this.#retry = setTimeout(() => void this.save(this.#wanted ?? jobs), pauseMs);
    // A server that ends does not wait for it.
    this.#retry.unref();
  }

  /** @param act makes the file of this name, which is free @returns the name @throws SeamlineError when it fails */
  async #putAside(act: (aside: string) => Promise<void>): Promise<string> {
    try {
      let aside = `${this.#path}.corrupt`;
      for (let count = 2; await exists(aside); count += 1) aside = `${this.#path}.corrupt-${count}`;
      await act(aside);
      return aside;
    } catch (err) {
      throw this.#unusable('is corrupt and cannot be put aside', err);
    }
  }

  #unusable(what: string, cause: unknown): SeamlineError {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    const words = `the state file ${this.#path} ${what} (${code}); repair it, move it away, or set jobs.stateFile`;
    return new SeamlineError('file-unreadable', words, { cause });
  }

  async #write(jobs: readonly JobSpec[]): Promise<void> {
    const draft = `${this.#path}.new`;
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await rm(draft, { force: true });
    const file = await open(draft, 'wx', MODE);
    try {
      await file.writeFile(stateText(jobs));
      await file.sync();
    } catch (error) {
      // Half a file would take the room that others need.
      await rm(draft, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    await rename(draft, this.#path);
    await syncFolder(dirname(this.#path));
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** A new name is on disk only when its folder is. @throws what the file system says */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    // File systems that keep no folders of their own (mounts of other systems) know no such thing.
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  } finally {
    await folder.close();
  }
}

/** Without the path: the words are shown to whoever asks whether the server is well. */
function problemOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  const why = code === 'ENOSPC' ? 'no space is left on its disk' : `writing fails with ${code}`;
  return `the state file cannot be written: ${why}; jobs with restart: always may not come back after a restart`;
}
