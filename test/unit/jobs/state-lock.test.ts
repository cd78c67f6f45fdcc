import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StateLock } from '../../../src/jobs/state-lock.ts';
import { loggerOver } from '../../../src/logging/logger.ts';
import { startApi } from '../../helpers/api.ts';

let folder: string;
let path: string;
let log: string[];
let locks: StateLock[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamline-lock-'));
  path = join(folder, 'jobs.json');
  log = [];
  locks = [];
});
afterEach(async () => {
  await Promise.all(locks.map((lock) => lock.release()));
  rmSync(folder, { recursive: true });
});

function aLock(at = path): StateLock {
  const lock = new StateLock(
    at,
    loggerOver((_level, message) => log.push(message)),
  );
  locks.push(lock);
  return lock;
}

/** Another process that listens on the lock, as a server does. */
async function holder(): Promise<ChildProcess> {
  const program = `require('node:net').createServer().listen(process.argv[1], () => console.log('listens'))`;
  const child = spawn(process.execPath, ['-e', program, `${path}.lock`], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return child;
}

const IN_USE = { type: 'state-file-in-use' };

describe('the lock of a state file', () => {
  it('is held by one server, which is named, until that releases it', async () => {
    const first = aLock();
    await first.take();

    await expect(aLock().take()).rejects.toMatchObject({
      ...IN_USE,
      message: `another server (process ${process.pid}) runs the jobs of ${path}; stop it, or give this one a jobs.stateFile of its own`,
    });
    await first.release();
    await first.release();

    expect(readdirSync(folder)).toEqual([]);
    await aLock().take();
    expect(log).toEqual([]);
  });

  it('is the same under another name of the folder', async () => {
    symlinkSync(folder, `${folder}-link`);
    await aLock().take();

    await expect(aLock(`${folder}-link/jobs.json`).take()).rejects.toMatchObject(IN_USE);
    rmSync(`${folder}-link`);
  });

  it('is held by a process that does not answer, and taken over when that was killed', async () => {
    const child = await holder();
    await expect(aLock().take()).rejects.toMatchObject(IN_USE);

    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(`${path}.lock`)).toBe(true);
    await aLock().take();

    await expect(aLock().take()).rejects.toMatchObject(IN_USE);
    expect(log).toEqual([]);
  });

  it('is taken over by one when many find it at the same moment', async () => {
    const child = await holder();
    child.kill('SIGKILL');
    await once(child, 'exit');

    const results = await Promise.allSettled(Array.from({ length: 8 }, () => aLock().take()));

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('may have a long path', async () => {
    const long = join(folder, 'x'.repeat(200), 'y'.repeat(200), 'jobs.json');
    await aLock(long).take();

    await expect(aLock(long).take()).rejects.toMatchObject(IN_USE);
    expect(log).toEqual([]);
  });

  it.each([
    ['its folder cannot be made', () => '/dev/null/jobs.json'],
    [
      'a file that is no lock has its name',
      () => {
        writeFileSync(`${path}.lock`, 'kept');
        return path;
      },
    ],
  ])('costs a warning when %s', async (_what, at) => {
    await aLock(at()).take();

    expect(log).toEqual(['state file cannot be locked, another server with the same one would not be noticed']);
  });
});

it('a second server with the same state file does not get its jobs', async () => {
  const first = await startApi({ jobs: { stateFile: path } });
  const second = await startApi({ jobs: { stateFile: path } });
  await first.jobs.kept();

  await expect(second.jobs.kept()).rejects.toMatchObject(IN_USE);

  await second.close();
  await first.close();
  const third = await startApi({ jobs: { stateFile: path } });
  expect(await third.jobs.kept()).toEqual([]);
  await third.close();
});
