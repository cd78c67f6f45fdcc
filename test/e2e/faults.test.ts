import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noPictureText } from '../../src/pipeline/notice.ts';
import { alignmentErrors, median, type MeshPair } from '../helpers/alignment-error.ts';
import { type CodedVideo, type CodedVideoOptions, encodeVideo } from '../helpers/coded-video.ts';
import { startHevcCameras } from '../helpers/demo-cameras.ts';
import { readDemoTruth } from '../helpers/demo-truth.ts';
import { FakeCamera } from '../helpers/fake-camera.ts';
import { writeHevcClip } from '../helpers/hevc-clip.ts';
import { readNotice } from '../helpers/read-notice.ts';
import { RtspPlayer } from '../helpers/rtsp-player.ts';
import { runProgram } from '../helpers/run-program.ts';
import { eventually, type JobView, ROOT, SeamlineServer } from '../helpers/seamline-server.ts';
import { processTree } from '../helpers/slowed-processes.ts';

/** Size in which the demo's truth is told, pixels. */
const VIEW = { widthPx: 1280, heightPx: 720 };

interface Figures {
  readonly fps: number;
  readonly output: { readonly width: number; readonly height: number };
  readonly geometry: { readonly origin: string; readonly version: number };
  readonly cameras: readonly {
    readonly phase: string;
    readonly codec: string;
    readonly width: number;
    readonly fps: number;
    readonly reconnects: number;
  }[];
}

const figures = (job: JobView): Figures | undefined => (job['figures'] ?? undefined) as Figures | undefined;
const demoClip = (side: string): string => join(ROOT, `test/fixtures/media/demo/calm-${side}.mp4`);

/** From each picture to the next, seconds. */
const stepsOf = (times: readonly number[]): number[] => times.slice(1).map((time, at) => time - times[at]!);

/** A part of a demo clip, two seconds at 25 a second unless told otherwise. */
function video(side: 'left' | 'right', options: CodedVideoOptions): Promise<CodedVideo> {
  return encodeVideo({ clip: demoClip(side), size: '960x540', ...options });
}

/** The newest panorama, I420 luma of its own size. */
async function snapshot(server: SeamlineServer, job: JobView): Promise<Uint8Array> {
  const answer = await fetch(`${server.url}/stitch/${job.id}/snapshot.jpg`);
  const jpeg = new Uint8Array(await answer.arrayBuffer());
  const folder = await mkdtemp(join(tmpdir(), 'seamline-snapshot-'));
  const path = join(folder, 'snapshot.jpg');
  await writeFile(path, jpeg);
  const { stdout } = await runProgram('ffmpeg', ['-v', 'error', '-i', path, '-pix_fmt', 'gray', '-f', 'rawvideo', '-']);
  await rm(folder, { recursive: true });
  return stdout;
}

/** Waits until the far plane of the demo scene is aligned to less than `limitPx`. @returns the median error */
async function alignedBelow(limitPx: number, server: SeamlineServer, job: JobView): Promise<number> {
  const points = readDemoTruth('calm').farPoints(0);
  return eventually(`an alignment below ${limitPx} pixels`, 20_000, async () => {
    const geometry = (await (await fetch(`${server.url}/stitch/${job.id}/geometry`)).json()) as MeshPair;
    const middle = median(alignmentErrors(geometry, VIEW, points));
    return middle < limitPx ? middle : undefined;
  });
}

describe('cameras that are missing, change or go', () => {
  let server: SeamlineServer;
  let left: FakeCamera;
  let right: FakeCamera;
  let job: JobView;
  let player: RtspPlayer;
  let output: Figures['output'] | undefined;
  const videos = {} as Record<'left' | 'right' | 'wideLeft' | 'hevcRight', CodedVideo>;

  beforeAll(async () => {
    videos.left = await video('left', {});
    videos.right = await video('right', {});
    videos.wideLeft = await video('left', { size: '1280x720', fps: 12.5, frames: 25, gop: 13 });
    videos.hevcRight = await video('right', { codec: 'h265', size: '640x360', fps: 12.5, frames: 25, gop: 13 });
    left = await FakeCamera.start(videos.left);
    right = await FakeCamera.start(videos.right);
    server = await SeamlineServer.start();
  });

  afterAll(async () => {
    player?.stop();
    await server?.stop();
    await Promise.all([left?.close(), right?.close()]);
  });

  /** Whatever happened: the player stays, its times rise, the picture keeps its size. */
  function expectUndisturbed(now: JobView): void {
    expect(player.hasEnded).toBe(false);
    expect(player.stepsBack).toEqual([]);
    expect(figures(now)?.output).toEqual(output);
  }

  /** Mean luma of a picture between two shares of its width. */
  function meanOf(luma: Uint8Array, from: number, to: number): number {
    const { width = 0 } = output ?? {};
    const values = luma.filter((_, at) => at % width >= width * from && at % width < width * to);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  }

  it('starts with the camera that is there, and aligns the other one when it comes', async () => {
    await left.vanish();
    job = await server.stitch({ url1: left.url, url2: right.url, fps: 10 });

    const alone = await server.waitForState(job.id, ['degraded'], 60_000);
    player = new RtspPlayer(server.rtsp(job.id));
    await player.more(10, 20_000);
    output = figures(alone)?.output;
    const luma = await snapshot(server, job);
    const { width = 0, height = 0 } = output ?? {};
    await left.listen();
    const whole = await server.waitForState(job.id, ['running'], 45_000);
    const times = await player.more(20, 20_000);

    expect(alone.reasons.join()).toMatch(/url1 is connecting.*side by side/);
    expect(luma).toHaveLength(width * height);
    expect(meanOf(luma, 0, 0.4)).toBeLessThan(20);
    expect(meanOf(luma, 0.6, 1)).toBeGreaterThan(50);
    expect(await alignedBelow(1, server, job)).toBeLessThan(1);
    // The cameras give 25 a second; `fps` asked for 10.
    expect(median(stepsOf(times))).toBeCloseTo(0.1, 2);
    expectUndisturbed(whole);
  });

  it('shows the last picture of a lost camera, then darkness in its place, beside the other one', async () => {
    await right.vanish();
    const lost = await server.waitForState(job.id, ['degraded'], 20_000);
    const still = await snapshot(server, job);
    const dark = await eventually('darkness in place of the lost camera', 30_000, async () => {
      const luma = await snapshot(server, job);
      return meanOf(luma, 0.7, 1) < 20 ? luma : undefined;
    });
    await player.more(10, 20_000);

    expect(lost.reasons.join()).toContain('url2');
    // The picture has black borders: its size is that of side by side.
    expect(meanOf(still, 0.7, 1)).toBeGreaterThan(meanOf(dark, 0.7, 1) + 15);
    expect(meanOf(dark, 0, 0.4)).toBeGreaterThan(0.8 * meanOf(still, 0, 0.4));
    expect(meanOf(dark, 0, 0.4)).toBeGreaterThan(meanOf(dark, 0.7, 1) + 15);
    expectUndisturbed(await server.job(job.id));
  });

  it('goes on with a camera that comes back with another codec, size and rate', async () => {
    right.play(videos.hevcRight);
    await right.listen();

    await eventually('the new format', 30_000, async () => {
      const { codec, fps = 0 } = figures(await server.job(job.id))?.cameras[1] ?? {};
      return codec === 'h265' && Math.abs(fps - 12.5) < 0.6 ? true : undefined;
    });
    const now = await server.waitForState(job.id, ['running'], 45_000);
    await player.more(20, 20_000);

    expect(figures(now)?.cameras[1]).toMatchObject({ codec: 'h265', width: 640 });
    expect(await alignedBelow(1.5, server, job)).toBeLessThan(1.5);
    expectUndisturbed(now);
  });

  it('goes on with a camera whose size and rate change in the middle of its stream, and aligns it anew', async () => {
    const before = figures(await server.job(job.id));

    left.play(videos.wideLeft);

    const now = await eventually('a new alignment of the new size', 30_000, async () => {
      const look = await server.job(job.id);
      const { cameras, geometry } = figures(look) ?? {};
      const { width, fps = 0 } = cameras?.[0] ?? {};
      const isNew = width === 1280 && Math.abs(fps - 12.5) < 0.6;
      const isAnew = isNew && (geometry?.version ?? 0) > (before?.geometry.version ?? 0) + 3;
      return isAnew && geometry?.origin === 'network' ? look : undefined;
    });
    expect(figures(now)?.cameras[0]?.reconnects).toBe(before?.cameras[0]?.reconnects);
    expect(await alignedBelow(1.5, server, job)).toBeLessThan(1.5);
    expectUndisturbed(now);
  });

  it('says in the picture since when there is none, at five stills a second, and shows the cameras again', async () => {
    const size = { widthPx: output?.width ?? 0, heightPx: output?.height ?? 0 };
    const { length } = noPictureText(0);
    const read = async (): Promise<string> => readNotice(await snapshot(server, job), size, length);
    const goneMs = Date.now();
    await Promise.all([left.vanish(), right.vanish()]);

    const notice = await eventually('a notice in the picture', 20_000, async () => {
      const text = await read();
      return text.startsWith('NO CAMERA PICTURE SINCE ') ? text : undefined;
    });
    const times = await player.more(15, 20_000);
    const gone = await server.job(job.id);
    await Promise.all([left.listen(), right.listen()]);
    const back = await server.waitForState(job.id, ['running'], 45_000);
    await player.more(20, 20_000);

    const saidMs = Date.parse(`${notice.slice(24, 34)}T${notice.slice(35, 43)}Z`);
    expect(Math.abs(saidMs - goneMs)).toBeLessThan(3000);
    expect(gone.state).toBe('degraded');
    expect(median(stepsOf(times))).toBeCloseTo(0.2, 1);
    expect(await read()).not.toContain('PICTURE');
    expectUndisturbed(back);
  });

  it('keeps size and players when its process dies while a camera is away', async () => {
    const { restarts } = await server.job(job.id);
    await right.vanish();
    const [pid] = await processTree(`pipeline.main.js ${job.id}`);
    process.kill(pid!, 'SIGKILL');

    const alone = await eventually('a panorama of another process', 60_000, async () => {
      const now = await server.job(job.id);
      const isOpen = (figures(now)?.output ?? undefined) !== undefined;
      return isOpen && Number(now['restarts']) > Number(restarts) ? now : undefined;
    });
    expectUndisturbed(alone);
    await player.more(20, 20_000);
    await right.listen();
    const whole = await server.waitForState(job.id, ['running'], 45_000);
    await player.more(20, 20_000);

    expect(alone.reasons.join()).toMatch(/url2 is connecting.*side by side/);
    expectUndisturbed(whole);
  });

  it('stitches and aligns H.265 cameras of GStreamer’s RTSP server', async () => {
    expect(left.open + right.open).toBeGreaterThan(0);
    expect((await fetch(`${server.url}/stitch/${job.id}`, { method: 'DELETE' })).status).toBe(204);
    // A socket that was closed is gone for the camera as soon as it has read that.
    await eventually('the end of the connections', 2000, async () => (left.open + right.open === 0 ? true : undefined));
    const folder = await mkdtemp(join(tmpdir(), 'seamline-hevc-'));
    const clips = [
      await writeHevcClip(demoClip('left'), folder, 'left'),
      await writeHevcClip(demoClip('right'), folder, 'right'),
    ] as const;
    const cameras = await startHevcCameras(...clips);
    try {
      job = await server.stitch({ url1: cameras.left, url2: cameras.right });

      const now = await server.waitForState(job.id, ['running'], 60_000);

      expect(figures(now)?.cameras).toMatchObject([{ codec: 'h265' }, { codec: 'h265' }]);
      expect(await alignedBelow(1.2, server, job)).toBeLessThan(1.2);
    } finally {
      await cameras.child.stop();
      await rm(folder, { recursive: true });
    }
  });
});
