import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ManualGeometry } from '../../../src/contract/warp-state.ts';
import { reasonsOf } from '../../../src/jobs/job-state.ts';
import type { JobPipeline } from '../../../src/pipeline/job-pipeline.ts';
import { encodeVideo } from '../../helpers/coded-video.ts';
import { FakeCamera } from '../../helpers/fake-camera.ts';
import { aPipeline, EndlessLoading } from '../../helpers/job-pipeline.ts';
import { ROOT } from '../../helpers/seamline-server.ts';

const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0).toReversed()) await thing.close();
});

async function startCamera(luma?: number): Promise<FakeCamera> {
  const camera = await FakeCamera.start(await encodeVideo(luma === undefined ? {} : { luma }), {});
  open.push(camera);
  return camera;
}

/** Two views of 192 × 128 on a canvas of 320 × 128, with an overlap of 64 px in the middle. */
const WIDTH = 320;
const HEIGHT = 128;
const placed = (left: number) => [0, HEIGHT].map((y) => [left, left + 192].map((x) => [x, y] as [number, number]));
const GEOMETRY: ManualGeometry = {
  ...{ kind: 'meshes', width: WIDTH, height: HEIGHT },
  ...{ reference: placed(0), target: placed(128) },
};

const isUp = (pipeline: JobPipeline): boolean => pipeline.status().cameras.every(({ phase }) => phase === 'running');

/** Luma of the panorama where only the reference view and where only the target view is. */
async function lumas(pipeline: JobPipeline): Promise<readonly [number, number]> {
  const args = ['-v', 'error', '-i', '-', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'];
  const { stdout } = spawnSync('ffmpeg', args, { input: await pipeline.snapshot() });
  const at = (x: number): number => stdout[(HEIGHT / 2) * WIDTH + x] ?? 0;
  return [at(48), at(WIDTH - 48)];
}

describe('a job whose cameras were exchanged', () => {
  it('names the camera that is lost by its field, in its reasons, figures and log', async () => {
    const [left, right] = [await startCamera(), await startCamera()];
    const spec = { url1: left.url, url2: right.url, swap: true };
    const { pipeline, log } = aPipeline(spec, { stallTimeoutMs: 500 }, new EndlessLoading());
    open.push(pipeline);
    void pipeline.start();
    await expect.poll(() => isUp(pipeline), { timeout: 30_000 }).toBe(true);
    log.splice(0);

    await right.close();
    await expect.poll(() => isUp(pipeline), { timeout: 30_000 }).toBe(false);

    expect(pipeline.status().cameras[0].phase).toBe('running');
    expect(reasonsOf(pipeline.status())[0]).toMatch(/^url2 is reconnecting/);
    await expect.poll(() => log.map(({ fields }) => fields['camera'])).toContain(1);
    expect(log.map(({ fields }) => fields['camera'])).not.toContain(0);
  });

  it('draws each camera with its own gain from its first picture on', async () => {
    const [dark, bright] = [await startCamera(80), await startCamera(120)];
    const spec = { url1: dark.url, url2: bright.url, geometry: GEOMETRY };
    const { pipeline, failures } = aPipeline(spec, {}, new EndlessLoading());
    open.push(pipeline);
    void pipeline.start();
    await expect.poll(() => pipeline.status().phase, { timeout: 30_000 }).toBe('running');
    // Both meet at 16 + √(64 · 104).
    const isMatched = (luma: number): boolean => Math.abs(luma - 97.6) < 5;
    await expect.poll(async () => (await lumas(pipeline)).every(isMatched), { timeout: 30_000 }).toBe(true);

    await pipeline.change({ swap: true });
    const seen: (readonly [number, number])[] = [];
    for (let isNew = false; !isNew;) {
      isNew = isUp(pipeline);
      seen.push(await lumas(pipeline));
    }

    // A view whose camera is not back yet is dark.
    const isRight = (luma: number): boolean => luma < 20 || isMatched(luma);
    expect(seen.flat().filter((luma) => !isRight(luma))).toEqual([]);
    expect(seen.at(-1)?.every(isMatched)).toBe(true);
    expect(failures).toEqual([]);
  });

  it('draws each camera where it was aligned, before the networks have seen the new order', async () => {
    const cameras = [];
    for (const side of ['left', 'right']) {
      const clip = join(ROOT, `test/fixtures/media/demo/calm-${side}.mp4`);
      cameras.push(
        await FakeCamera.start(await encodeVideo({ size: '640x360', fps: 12.5, frames: 25, gop: 25, clip })),
      );
    }
    open.push(...cameras);
    const { pipeline, failures } = aPipeline({ url1: cameras[0]!.url, url2: cameras[1]!.url, width: 640 });
    open.push(pipeline);
    await pipeline.start();
    await expect.poll(() => pipeline.status().geometry.origin, { timeout: 60_000 }).toBe('network');
    const before = meshesOf(pipeline);

    await pipeline.change({ swap: true });

    const after = meshesOf(pipeline);
    expect(farthest(after.reference, before.target)).toBeLessThan(20);
    expect(farthest(after.target, before.reference)).toBeLessThan(20);
    expect(farthest(before.target, before.reference)).toBeGreaterThan(100);
    expect(pipeline.status().geometry.origin).toBe('network');
    expect(failures).toEqual([]);
  });
});

type Points = readonly (readonly (readonly [number, number])[])[];

function meshesOf(pipeline: JobPipeline): { readonly reference: Points; readonly target: Points } {
  const geometry = pipeline.geometry();
  if (geometry.kind !== 'meshes') throw new Error('the networks give meshes');
  return geometry;
}

/** How far two meshes are apart where they are it most, pixels. */
function farthest(a: Points, b: Points): number {
  const flat = b.flat();
  return Math.max(...a.flat().map(([x, y], at) => Math.hypot(x - flat[at]![0], y - flat[at]![1])));
}
