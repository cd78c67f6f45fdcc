import type * as FileSystem from 'node:fs/promises';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { StateFile } from '../../../src/jobs/state-file.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { aJobSpec } from '../../helpers/job-facts.ts';

const steps = vi.hoisted(() => [] as string[]);

// The real file system, watched: what a loss of power would leave cannot be seen otherwise.
vi.mock(import('node:fs/promises'), async (original) => {
  const real = await original();
  const open: typeof FileSystem.open = async (path, ...rest) => {
    const file = await real.open(path, ...rest);
    const sync = file.sync.bind(file);
    file.sync = async () => {
      steps.push(`sync ${String(path)}`);
      await sync();
    };
    return file;
  };
  const rename: typeof FileSystem.rename = async (from, to) => {
    steps.push(`rename to ${String(to)}`);
    await real.rename(from, to);
  };
  return { ...real, open, rename };
});

it('the state file is on disk before its name is, and the name when the save resolves', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'seamline-sync-'));
  const path = join(folder, 'jobs.json');

  await new StateFile(path, silentLogger).save([aJobSpec()]);

  expect(steps).toEqual([`sync ${path}.new`, `rename to ${path}`, `sync ${folder}`]);
});
