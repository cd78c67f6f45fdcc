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

/** There is no Python with OpenCV to find baselines with: no pair can have one. */
export class NoOpenCv extends SeamlineError {
  constructor(said: string) {
    super(
      'invalid-request',
      `the baselines need Python 3 with OpenCV: apt-get install python3-opencv, or --python PATH, or --no-baselines. ${said}`,
    );
  }
}

interface Program {
  readonly child: OwnedChild;
  readonly lines: Interface;
}

/** What the program answers to one pair. */
type Answer = BaselinePair | { readonly error: string };

/** The Python program that finds the baselines, pair after pair. */
export class Baselines {
  readonly #python: string;
  #program: Program | undefined;

  /** @param python path of a Python 3 that has OpenCV */
  constructor(python: string) {
    this.#python = python;
  }

  /**
   * One pair at a time.
   * @throws SeamlineError `file-unreadable` when OpenCV fails at these pictures, `timeout`, and NoOpenCv that says
   * what to install
   */
  async find(left: string, right: string): Promise<BaselinePair> {
    const { child, lines } = (this.#program ??= this.#start());
    const line = once(lines, 'line') as Promise<[string]>;
    child.stdin.write(`${left}\t${right}\n`);
    try {
      const first = await withDeadline(Promise.race([line, child.exited]), DEADLINE_MS, 'finding the baselines');
      if (!Array.isArray(first)) throw new NoOpenCv(first.stderrTail.at(-1) ?? '');
      const answer = JSON.parse(first[0]) as Answer;
      if ('error' in answer) throw new SeamlineError('file-unreadable', `the baselines: ${answer.error}`);
      return answer;
    } catch (error) {
      // An answer that comes late would be taken for the next pair's.
      await this.close();
      throw error;
    }
  }

  #start(): Program {
    const script = join(PROJECT_FOLDER, 'scripts/evaluate/baselines.py');
    const child = spawnChild({ command: this.#python, args: [script] });
    return { child, lines: createInterface({ input: child.stdout }) };
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    const program = this.#program;
    this.#program = undefined;
    program?.lines.close();
    program?.child.stdin.end();
    await program?.child.stop();
  }
}
