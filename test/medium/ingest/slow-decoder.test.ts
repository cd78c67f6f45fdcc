import { afterEach, describe, expect, it } from 'vitest';
import { encodeVideo } from '../../helpers/coded-video.ts';
import { FakeCamera } from '../../helpers/fake-camera.ts';
import { ProcessFamily } from '../../helpers/process-family.ts';
import { SlowedProcesses } from '../../helpers/slowed-processes.ts';
import { type WatchedCamera, watchCamera } from '../../helpers/watched-camera.ts';

/** Scaling takes time. */
const SIZE = { widthPx: 1274, heightPx: 714 };

/** On a busy machine a decoder may get nothing at all for seconds, which must not count as a camera that stalls. */
const STALL_MS = 30_000;

/** The decoders of this process. */
const decoders = async (): Promise<number[]> => (await ProcessFamily.of(process.pid)).pidsOf(`scale=${SIZE.widthPx}:`);

describe('a decoder that gets next to no time', () => {
  let camera: FakeCamera | undefined;
  let watched: WatchedCamera | undefined;
  let slowed: SlowedProcesses | undefined;

  afterEach(async () => {
    slowed?.release();
    await watched?.close();
    await camera?.close();
  });

  it('gives newer pictures or none, never older and older ones, and is up to date again at once', async () => {
    camera = await FakeCamera.start(await encodeVideo({ size: '1280x720', gop: 25 }));
    watched = await watchCamera(camera.url, { ringSize: () => SIZE, stallTimeoutMs: STALL_MS });
    const { frames, until, source } = watched;
    await until(() => frames.length > 10, 'the first frames');
    const before = frames.length;

    slowed = new SlowedProcesses(await decoders(), 0.01);
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    // How much of its little time a busy machine really gives it nobody knows.
    await until(() => frames.length > before + 2 && source.status().framesDropped > 25, 'newer pictures');
    const slow = frames.slice(before);
    slowed.release();
    const released = frames.length;
    await until(() => {
      const last = frames.at(-1);
      return frames.length > released + 25 && last !== undefined && last.decodedUs - last.captureUs < 500_000;
    }, 'a picture that is up to date');

    const delaysMs = frames.map(({ captureUs, decodedUs }) => (decodedUs - captureUs) / 1000);
    expect(Math.max(...delaysMs)).toBeLessThan(3000);
    expect(slow.length).toBeGreaterThan(2);
    // It could not keep up.
    expect(source.status().framesDropped).toBeGreaterThan(25);
    expect(source.status().reconnects).toBe(0);
  });

  it('connects anew when it is ffmpeg that reads the camera, and what it has fallen behind with is not shown', async () => {
    camera = await FakeCamera.start(await encodeVideo({ size: '1280x720', gop: 25 }));
    watched = await watchCamera(camera.url, { ringSize: () => SIZE, stallTimeoutMs: STALL_MS, mode: 'ffmpeg' });
    const { frames, until, source } = watched;
    await until(() => frames.length > 60, 'the first frames');

    slowed = new SlowedProcesses(await decoders(), 0.01);
    await until(() => source.status().reconnects > 0, 'a new connection');
    slowed.release();
    const before = frames.length;
    await until(() => frames.length > before + 25, 'frames of the new connection');

    expect(Math.max(...frames.map(({ captureUs, decodedUs }) => decodedUs - captureUs))).toBeLessThan(2_500_000);
    expect(watched.lines.join()).toContain('ffmpeg fell behind the camera');
  });
});
