import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { JobState } from '../../../src/jobs/job-state.ts';
import { spawnChild } from '../../../src/process/child.ts';
import { runProgram } from '../../helpers/run-program.ts';

interface Seen {
  readonly children: readonly { readonly exitCode: number; readonly text: string; readonly said: string }[];
  readonly tried: JobState;
  readonly mended: JobState;
}

const PROGRAM = fileURLToPath(new URL('../../fixtures/bin/without-descriptors.mjs', import.meta.url));
const LIMIT = 64;
const REASON = /^no file can be opened any more \(EMFILE\)/;

describe('a process without file descriptors', () => {
  it('goes on: what it starts ends with the reason, and a job is tried again until there is room', async () => {
    const command = `ulimit -n ${LIMIT} && exec "$0" "$1"`;
    const { exitCode, stdout, stderr } = await runProgram(
      '/bin/sh',
      ['-c', command, process.execPath, PROGRAM],
      60_000,
    );

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const { children, tried, mended } = JSON.parse(stdout.toString()) as Seen;
    const failed = children.filter((child) => child.exitCode !== 0);
    expect(failed.length).toBeGreaterThan(0);
    for (const child of failed) {
      expect(child).toEqual({ exitCode: -1, text: '', said: expect.stringMatching(REASON) as string });
    }
    expect(children.at(-1)).toEqual({ exitCode: 0, text: 'hello', said: '' });
    expect(tried.phase).toBe('starting');
    expect(tried.reasons.join()).toContain('it could not be started: no file can be opened any more');
    expect(mended.restarts).toBeGreaterThanOrEqual(2);
  });
});

describe('a program that Node refuses to start', () => {
  it('ends with the reason, without its passwords, instead of throwing', async () => {
    const child = spawnChild({ command: 'true', args: ['rtsp://admin:s3cret@10.0.0.1/a\0'] });

    const exit = await child.exited;

    expect(exit.exitCode).toBe(-1);
    expect(exit.stderrTail.join()).toContain('null bytes');
    expect(exit.stderrTail.join()).not.toContain('s3cret');
    expect(await child.stop()).toEqual(exit);
  });
});
