import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const PREFIX = 'seamline-tests-';

/**
 * Gives a run of the tests one temporary folder, which takes all that tests and the programs they start leave in theirs.
 * @returns what removes it at the end of the run
 */
export default function setup(): (() => void) | undefined {
  // Every project of a run asks for one.
  if (basename(tmpdir()).startsWith(PREFIX)) return undefined;
  const before = process.env['TMPDIR'];
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  // Some programs do not run as root, so they are started as somebody else.
  chmodSync(folder, 0o1777);
  process.env['TMPDIR'] = folder;
  return () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
}
