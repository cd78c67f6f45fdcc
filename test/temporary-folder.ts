import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Set while a run has its folder: every project of a run asks for it. */
const MARK = 'SEAMLINE_TEST_FOLDER';

/**
 * Gives a run of the tests one temporary folder, which takes all that tests and the programs they start leave in theirs.
 * @returns what removes it at the end of the run
 */
export default function setup(): (() => void) | undefined {
  if (process.env[MARK] !== undefined) return undefined;
  const before = process.env['TMPDIR'];
  const folder = mkdtempSync(join(tmpdir(), 'seamline-tests-'));
  // Some programs do not run as root, so they are started as somebody else.
  chmodSync(folder, 0o1777);
  process.env[MARK] = process.env['TMPDIR'] = folder;
  return () => {
    delete process.env[MARK];
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
}
