import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keptJobs } from '../../src/jobs/kept-jobs.ts';
import { encodeVideo } from '../helpers/coded-video.ts';
import { FakeCamera } from '../helpers/fake-camera.ts';
import { runProgram } from '../helpers/run-program.ts';
import { RtspPlayer } from '../helpers/rtsp-player.ts';
import { eventually, freePort, ROOT, SeamlineServer } from '../helpers/seamline-server.ts';

/** A disk of 64 KiB. @throws Error where this machine does not let us mount one */
async function smallDisk(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'seamline-disk-'));
  const { exitCode } = await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
  if (exitCode === 0) return folder;
  rmSync(folder, { recursive: true });
  throw new Error('a full disk is tried on a small tmpfs: mounting one needs root (CAP_SYS_ADMIN)');
}

const disk = await smallDisk();

/** Fills the disk to its last byte. */
function fill(path: string): void {
  const fd = openSync(path, 'w');
  try {
    for (;;) writeFileSync(fd, Buffer.alloc(512));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  } finally {
    closeSync(fd);
  }
}

describe('a disk that is full', () => {
  const file = join(disk, 'jobs.json');
  const ballast = join(disk, 'ballast');
  let camera: FakeCamera;
  let server: SeamlineServer;

  beforeAll(async () => {
    camera = await FakeCamera.start(await encodeVideo({ frames: 25 }));
    server = await SeamlineServer.start({ SEAMLINE_JOBS_STATE_FILE: file });
  });

  afterAll(async () => {
    await server?.stop();
    await camera?.close();
    await runProgram('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  const saved = (): readonly string[] | undefined => keptJobs(readFileSync(file, 'utf8'))?.jobs.map(({ path }) => path);

  /** What the server says about its disk. */
  const health = async (): Promise<object> => {
    const ready = await fetch(`${server.url}/health/ready`);
    const { warnings } = (await ready.json()) as { readonly warnings: readonly string[] };
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    return { status: ready.status, warnings, current: /^seamline_state_file_current (\d)$/m.exec(metrics)?.[1] };
  };

  it('stops no job and tears no state file; what could not be written is written when there is room', async () => {
    const urls = { url1: camera.url, url2: `${camera.url}2`, restart: 'always', width: 320 };
    const first = await server.stitch({ ...urls, output_url: `rtsp://localhost:${server.rtspPort}/first` });
    await server.waitForState(first.id, ['running', 'degraded'], 60_000);
    const player = new RtspPlayer(server.rtsp('first'));
    await player.more(10, 30_000);
    expect(saved()).toEqual(['first']);

    fill(ballast);
    const url = `rtsp://localhost:${server.rtspPort}/second`;
    const second = await server.stitch({ ...urls, url1: 'rtsp://127.0.0.1:9/none', output_url: url });
    await eventually('a word about the state file', 10_000, async () =>
      server.lines.some((line) => line.includes('state file cannot be written')) ? true : undefined,
    );
    await player.more(20, 30_000);

    expect(saved()).toEqual(['first']);
    expect(await health()).toEqual({
      status: 200,
      warnings: [expect.stringContaining('no space is left')],
      current: '0',
    });
    expect((await fetch(`${server.url}/stitch/${first.id}/snapshot.jpg`)).status).toBe(200);
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
    expect((await server.job(second.id)).id).toBe(second.id);

    rmSync(ballast);
    await eventually('both jobs in the state file', 40_000, async () => (saved()?.length === 2 ? true : undefined));
    expect(saved()?.toSorted()).toEqual(['first', 'second']);
    expect(await health()).toEqual({ status: 200, warnings: [], current: '1' });
    expect(player.hasEnded).toBe(false);
    expect(player.stepsBack).toEqual([]);
    player.stop();
  });
});

describe('a full disk under the log', () => {
  it('does not stop the server, which still ends when it is told to', async () => {
    const [http, rtsp, webrtc] = [await freePort(), await freePort(), await freePort()];
    const fd = openSync('/dev/full', 'w');
    const env = {
      SEAMLINE_HTTP_PORT: String(http),
      SEAMLINE_RTSP_PORT: String(rtsp),
      SEAMLINE_WEBRTC_PORT: String(webrtc),
      SEAMLINE_JOBS_STATE_FILE: '',
    };
    const child = spawn(process.execPath, [join(ROOT, 'dist/cli.js'), 'serve'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', fd, fd],
    });
    const url = `http://127.0.0.1:${http}/stitch`;
    const body = JSON.stringify({ url1: 'rtsp://127.0.0.1:9/a', url2: 'rtsp://127.0.0.1:9/b' });
    const headers = { 'content-type': 'application/json' };

    const job = await eventually('an answer', 30_000, async () => {
      const answer = await fetch(url, { method: 'POST', headers, body });
      return answer.status === 201 ? ((await answer.json()) as { id: string }) : undefined;
    });
    const deleted = await fetch(`${url}/${job.id}`, { method: 'DELETE' });
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const overdue = setTimeout(() => child.kill('SIGKILL'), 15_000);
    const [exitCode] = (await ended) as [number | null];

    clearTimeout(overdue);
    closeSync(fd);
    expect(deleted.status).toBe(204);
    expect(exitCode).toBe(0);
  });
});
