import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { once } from 'node:events';
import { SeamlineError } from '../common/seamline-error.ts';
import { withDeadline } from '../common/deadline.ts';
import { PROJECT_FOLDER } from '../config/config.loader.ts';
import { spawnChild, type OwnedChild } from '../process/child.ts';

const DEADLINE_MS = 120_000;

/** A homography by OpenCV, right plane to left plane, integer pixel centres at 480 px width. */
export interface Baseline {
  /** Null when none is plausible. */
  readonly homography: readonly number[] | null;
  readonly inliers: number;
  /** Plausible, with at least 25 inliers. */
  readonly solved: boolean;
}

/** SIFT, ratio test and RANSAC; SIFT and USAC_MAGSAC, refined by ECC. */
export interface BaselinePair {
  readonly ransac: Baseline;
  readonly magsac_ecc: Baseline;
}

/** The Python program that finds the baselines, pair after pair. */
export class Baselines {
  readonly #child: OwnedChild;
  readonly #lines: Interface;

  /** @param python path of a Python 3 that has OpenCV */
  constructor(python: string) {
    this.#child = spawnChild({ command: python, args: [join(PROJECT_FOLDER, 'scripts/evaluate/baselines.py')] });
    this.#lines = createInterface({ input: this.#child.stdout });
  }

  /** One pair at a time. @throws SeamlineError `invalid-request` that says what to install */
  async find(left: string, right: string): Promise<BaselinePair> {
    const line = once(this.#lines, 'line') as Promise<[string]>;
    this.#child.stdin.write(`${left}\t${right}\n`);
    const first = await withDeadline(Promise.race([line, this.#child.exited]), DEADLINE_MS, 'finding the baselines');
    if (Array.isArray(first)) return JSON.parse(first[0]) as BaselinePair;
    const { stderrTail } = first;
    throw new SeamlineError(
      'invalid-request',
      `the baselines need Python 3 with OpenCV: apt-get install python3-opencv, or --python PATH, or --no-baselines. ${stderrTail.at(-1) ?? ''}`,
    );
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    this.#lines.close();
    this.#child.stdin.end();
    await this.#child.stop();
  }
}
