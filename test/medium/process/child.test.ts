import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { spawnChild } from '../../../src/process/child.ts';
import { eventually } from '../../helpers/seamline-server.ts';

const program = (name: string): string => fileURLToPath(new URL(`../../fixtures/bin/${name}`, import.meta.url));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('spawnChild', () => {
  it('reports exit code, duration and the last lines of stderr without passwords', async () => {
    const lines: string[] = [];
    const child = spawnChild({
      command: '/bin/sh',
      args: ['-c', 'echo "open rtsp://admin:s3cret@10.0.0.1/a failed" >&2; exit 7'],
      onStderrLine: (line) => lines.push(line),
    });

    const exit = await child.exited;

    expect(exit).toMatchObject({ exitCode: 7, signal: null });
    expect(exit.durationMs).toBeGreaterThan(0);
    expect(exit.stderrTail).toEqual(['open rtsp://admin:***@10.0.0.1/a failed']);
    expect(lines).toEqual(exit.stderrTail);
  });

  it('keeps only the last fifty lines of a program that floods stderr', async () => {
    const child = spawnChild({ command: '/bin/sh', args: ['-c', 'seq 1 5000 >&2'] });

    const exit = await child.exited;

    expect(exit.stderrTail).toHaveLength(50);
    expect(exit.stderrTail.at(-1)).toBe('5000');
  });

  it('says so when the program does not exist', async () => {
    const exit = await spawnChild({ command: '/nowhere/program', args: [] }).exited;

    expect(exit.exitCode).not.toBe(0);
    expect(exit.stderrTail.join()).toContain('/nowhere/program');
  });

  it('passes arguments on as they are, through no shell', async () => {
    const child = spawnChild({ command: 'printf', args: ['%s', '$(id); `id` "x" \'y\'\n'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));

    await child.exited;

    expect(text).toBe('$(id); `id` "x" \'y\'\n');
  });

  it('kills a program that ignores SIGTERM after the time of grace', async () => {
    const child = spawnChild({ command: process.execPath, args: [program('ignores-sigterm.mjs')] });
    await once(child.stdout, 'data');

    const [first, second] = await Promise.all([child.stop(300), child.stop(300)]);

    expect(first.signal).toBe('SIGKILL');
    expect(second).toEqual(first);
    expect(isAlive(child.pid ?? 0)).toBe(false);
  });

  it('lets a program end in order that waits for more input, and kills one that does not end', async () => {
    const waiting = spawnChild({ command: '/bin/sh', args: ['-c', 'trap "" TERM; cat; echo over >&2; exit 3'] });
    waiting.stdout.resume();
    const endless = spawnChild({ command: '/bin/sh', args: ['-c', 'exec sleep 300'] });
    endless.stdout.resume();

    const [ended, killed] = await Promise.all([waiting.finish(60_000), endless.finish(300)]);

    expect(ended).toMatchObject({ exitCode: 3, signal: null, stderrTail: ['over'] });
    expect(killed).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(await waiting.finish()).toEqual(ended);
  });

  it('ends although half of its output was read and the rest is waiting', async () => {
    const child = spawnChild({ command: '/bin/sh', args: ['-c', 'head -c 1000000 /dev/zero; exec sleep 300'] });
    const chunks = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    await chunks.next();

    const exit = await child.stop(2000);

    expect(exit.signal).toBe('SIGTERM');
  });

  it('leaves no child behind when its own process is killed', async () => {
    const parent = spawn(process.execPath, [program('owns-a-child.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(chunk.toString());
    expect(isAlive(pid)).toBe(true);

    parent.kill('SIGKILL');

    await eventually('the end of the orphan', 5000, async () => (isAlive(pid) ? undefined : true));
  });
});
