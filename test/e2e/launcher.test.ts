import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runProgram } from '../helpers/run-program.ts';
import { ROOT } from '../helpers/seamline-server.ts';

/** What a clone holds and the launcher needs. */
const PARTS = ['bin', 'config', 'scripts', 'src', '.npmrc', 'nest-cli.json', 'package.json', 'package-lock.json'];

let clone: string;

beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), 'seamline-clone-'));
  for (const part of [...PARTS, 'tsconfig.json']) {
    cpSync(join(ROOT, part), join(clone, part), {
      recursive: true,
      filter: (source) => !source.endsWith('src/kernels/build') && !source.endsWith('config/local.yaml'),
    });
  }
  // The packages of this tree stand for an `npm ci` from the registry.
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));

it('npx seamline in a clone builds once, and prints nothing but what was asked for', { timeout: 300_000 }, async () => {
  const npx = (...words: string[]): ReturnType<typeof runProgram> =>
    runProgram('env', ['-C', clone, 'npx', '--no-install', 'seamline', ...words], 280_000);
  expect(existsSync(join(clone, 'dist'))).toBe(false);

  const first = await npx('models', '--help');
  const again = await npx('models', '--help');

  expect([first.exitCode, again.exitCode]).toEqual([0, 0]);
  expect(first.stderr).toContain('built in');
  expect(again.stderr).not.toContain('built in');
  expect(first.stdout.toString()).toBe(again.stdout.toString());
  expect(again.stdout.toString()).toContain('seamline models import');
});
