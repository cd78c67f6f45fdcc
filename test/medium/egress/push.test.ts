import { readdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicClock } from '../../../src/common/clock.ts';
import { PushStarter } from '../../../src/egress/push/push-starter.ts';
import type { PushGroup } from '../../../src/egress/push/push-group.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import type { OwnedChild } from '../../../src/process/child.ts';
import { LivePanorama, readAllMarked } from '../../helpers/live-panorama.ts';
import { rtmpEnd, type RtmpReceiver, startRtmpReceiver, startRtspReceiver } from '../../helpers/push-receivers.ts';
import { runProgram } from '../../helpers/run-program.ts';
import { freePort } from '../../helpers/seamline-server.ts';

const KEY = 'canary-key-7391';
const PASSWORD = 'canary-pw-7391';
const LONG = { timeout: 30_000 };

let live: LivePanorama;
let folder: string;
let rtmpPort: number;
let nginx: OwnedChild;
let receiver: RtmpReceiver;
const starter = new PushStarter({
  ffmpegPath: 'ffmpeg',
  clock: monotonicClock,
  log: silentLogger,
  random: () => 0,
  resolve: (host) => Promise.resolve(host),
  limits: { connectTimeoutMs: 6000, stallTimeoutMs: 6000 },
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seamline-'));
  receiver = await startRtmpReceiver(folder);
  ({ port: rtmpPort, server: nginx } = receiver);
  live = await LivePanorama.start();
});

afterAll(async () => {
  await starter.close();
  await live?.close();
  await nginx?.stop();
  await rm(folder, { recursive: true });
});

const state = (group: PushGroup, index = 0): string => group.status()[index]!.state;

/** Command lines of every process of the machine. */
async function commandLines(): Promise<string> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const texts = await Promise.allSettled(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8')));
  return texts.map((text) => (text.status === 'fulfilled' ? text.value : '')).join('\n');
}

/** The ffmpeg of this test process that pushes to this port. */
async function pushingFfmpeg(port: number): Promise<number> {
  const children = (await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')).trim().split(' ');
  for (const pid of children) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(`rtmp://127.0.0.1:${port}/`)) return Number(pid);
  }
  throw new Error('no ffmpeg pushes there');
}

async function picturesOf(input: string[]): Promise<(number | undefined)[]> {
  const output = ['-frames:v', '20', '-vsync', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', 'pipe:1'];
  return readAllMarked((await runProgram('ffmpeg', ['-loglevel', 'error', ...input, ...output])).stdout);
}

function expectWhole(pictures: (number | undefined)[]): void {
  expect(pictures).toHaveLength(20);
  expect(pictures).toEqual(pictures.map((_, at) => pictures[0]! + at));
}

describe('pushes', () => {
  it('reach an RTMP server whole, with the key in no process title', async () => {
    const group = starter.start(live.hub, [`rtmp://127.0.0.1:${rtmpPort}/live/${KEY}?user=bob`]);
    await expect.poll(() => state(group), LONG).toBe('running');

    expect(await commandLines()).toContain(`rtmp://127.0.0.1:${rtmpPort}/`);
    expect(await commandLines()).not.toContain(KEY);
    expectWhole(await picturesOf(['-i', `rtmp://127.0.0.1:${rtmpPort}/live/${KEY}`]));
    expect(group.status()[0]).toEqual({ url: `rtmp://127.0.0.1:${rtmpPort}/live/***`, state: 'running', reason: '' });
    await group.close();
    expect(state(group)).toBe('stopped');
    await expect.poll(async () => (await commandLines()).includes(`rtmp://127.0.0.1:${rtmpPort}/`), LONG).toBe(false);
  });

  it('are ended in order at an RTMP server, also when the pictures of the job have ended before', async () => {
    const ending = await LivePanorama.start('ending');
    const group = starter.start(ending.hub, [`rtmp://127.0.0.1:${rtmpPort}/live/ending`]);
    await expect.poll(() => state(group), LONG).toBe('running');

    ending.pause();
    // So that ffmpeg has read all that there is.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await group.close();

    expect(await rtmpEnd(receiver, 'ending')).toBe('deleteStream');
    await ending.close();
  });

  it('reach an RTSP server whole, after a Digest log-in', async () => {
    const { port, file, server } = await startRtspReceiver(folder, ['bob', PASSWORD]);

    const group = starter.start(live.hub, [`rtsp://bob:${PASSWORD}@127.0.0.1:${port}/in`]);
    await expect.poll(() => state(group), LONG).toBe('running');
    await expect.poll(async () => (await stat(file)).size, LONG).toBeGreaterThan(100_000);
    await group.close();
    await server.stop();

    expectWhole(await picturesOf(['-f', 'h264', '-i', file]));
    expect(group.status()[0]!.url).toBe(`rtsp://bob:***@127.0.0.1:${port}/in`);
  });

  it('say why when a server refuses, and try a refused log-in again only after a long pause', async () => {
    const { port, server } = await startRtspReceiver(folder, ['bob', PASSWORD]);
    const nobody = await freePort();

    const group = starter.start(live.hub, [
      `rtsp://bob:wrong@127.0.0.1:${port}/in`,
      `rtsp://127.0.0.1:${nobody}/in`,
      `rtmp://127.0.0.1:${nobody}/live/${KEY}`,
      `rtmp://bob:${PASSWORD}@127.0.0.1:${rtmpPort}/live/key`,
    ]);
    await expect.poll(() => group.status().every((push) => push.reason !== ''), LONG).toBe(true);

    const reasons = group.status().map(({ reason }) => reason);
    expect(reasons[0]).toBe('the server refuses user and password');
    expect(reasons[1]).toContain('refuses connections');
    expect(reasons[2]).toContain('Connection refused');
    expect(reasons[3]).toContain('stream key');
    expect(JSON.stringify(group.status())).not.toContain('canary');
    await group.close();
    await server.stop();
  });

  it('begin again when a server comes back, and the other outputs do not notice', async () => {
    const { port, file, server } = await startRtspReceiver(folder);
    const group = starter.start(live.hub, [`rtmp://127.0.0.1:${rtmpPort}/live/again`, `rtsp://127.0.0.1:${port}/in`]);
    await expect.poll(() => group.status().map((push) => push.state), LONG).toEqual(['running', 'running']);

    nginx.kill();
    await nginx.exited;
    await expect.poll(() => state(group), LONG).toBe('retrying');
    const size = (await stat(file)).size;
    nginx = (await startRtmpReceiver(folder, { port: rtmpPort })).server;
    await expect.poll(() => state(group), LONG).toBe('running');

    expect(state(group, 1)).toBe('running');
    await expect.poll(async () => (await stat(file)).size, LONG).toBeGreaterThan(size);
    await group.close();
    await server.stop();
    const recorded = readAllMarked(
      (
        await runProgram('ffmpeg', [
          '-loglevel',
          'error',
          '-vsync',
          'passthrough',
          '-f',
          'h264',
          '-i',
          file,
          '-f',
          'rawvideo',
          '-pix_fmt',
          'yuv420p',
          'pipe:1',
        ])
      ).stdout,
    );
    expect(recorded.length).toBeGreaterThan(50);
    expect(recorded).toEqual(recorded.map((_, at) => recorded[0]! + at));
  });

  it('come back when the ffmpeg that pushes is killed, and the other outputs do not notice', async () => {
    const { port, file, server } = await startRtspReceiver(folder);
    const group = starter.start(live.hub, [`rtmp://127.0.0.1:${rtmpPort}/live/killed`, `rtsp://127.0.0.1:${port}/in`]);
    await expect.poll(() => group.status().map((push) => push.state), LONG).toEqual(['running', 'running']);
    const killed = await pushingFfmpeg(rtmpPort);
    const seen = new Set<string>();
    const watch = setInterval(() => {
      for (const push of group.status()) seen.add(`${push.url.split(':', 1)[0]} ${push.state}`);
    }, 5);

    process.kill(killed, 'SIGKILL');
    await expect.poll(() => [...seen], LONG).toContain('rtmp retrying');
    await expect.poll(() => state(group), LONG).toBe('running');
    clearInterval(watch);

    expect(await pushingFfmpeg(rtmpPort)).not.toBe(killed);
    expectWhole(await picturesOf(['-i', `rtmp://127.0.0.1:${rtmpPort}/live/killed`]));
    expect([...seen].filter((state) => state.startsWith('rtsp'))).toEqual(['rtsp running']);
    const size = (await stat(file)).size;
    await expect.poll(async () => (await stat(file)).size, LONG).toBeGreaterThan(size);
    await group.close();
    await server.stop();
  });

  it('end a server that accepts and then takes nothing', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined).pause());
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    const { port } = silent.address() as { readonly port: number };

    const group = starter.start(live.hub, [`rtsp://127.0.0.1:${port}/in`, `rtmp://127.0.0.1:${port}/live/key`]);
    await expect
      .poll(() => group.status().map((push) => push.state), { timeout: 40_000 })
      .toEqual(['retrying', 'retrying']);

    await group.close();
    silent.close();
  });
});
