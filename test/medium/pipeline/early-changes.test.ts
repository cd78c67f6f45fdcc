import { afterEach, describe, expect, it } from 'vitest';
import type { ManualGeometry } from '../../../src/contract/warp-state.ts';
import { encodeVideo } from '../../helpers/coded-video.ts';
import { FakeCamera } from '../../helpers/fake-camera.ts';
import { startPipeline } from '../../helpers/job-pipeline.ts';

const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0).toReversed()) await thing.close();
});

/** Both views of 192 × 128 beside each other, with a border of 16 px. */
const placed = (left: number) => [16, 144].map((y) => [0, 192].map((x) => [left + x, y] as [number, number]));
const GEOMETRY: ManualGeometry = {
  ...{ kind: 'meshes', width: 432, height: 160 },
  ...{ reference: placed(16), target: placed(224) },
};

async function camera(): Promise<string> {
  const started = await FakeCamera.start(await encodeVideo(), {});
  open.push(started);
  return started.url;
}

/** Nobody answers there. */
const AWAY = 'rtsp://127.0.0.1:9/away';

describe('a job whose geometry is fixed by hand', () => {
  it('shows it also when a camera is missing at the start', async () => {
    const spec = { url1: await camera(), url2: AWAY, geometry: GEOMETRY };
    const { pipeline, failures } = await startPipeline(spec, { alignTimeoutMs: 500 });
    open.push(pipeline);

    await expect.poll(() => pipeline.status().phase, { timeout: 30_000 }).toBe('running');

    expect(pipeline.status().geometry.origin).toBe('manual');
    expect(pipeline.geometry()).toEqual(GEOMETRY);
    expect(failures).toEqual([]);
  });

  it('shows one that was given before the cameras answered', async () => {
    const spec = { url1: await camera(), url2: await camera() };
    const { pipeline, failures } = await startPipeline(spec, { alignTimeoutMs: 60_000 });
    open.push(pipeline);

    pipeline.setGeometry(GEOMETRY);
    await expect.poll(() => pipeline.status().phase, { timeout: 30_000 }).toBe('running');

    expect(pipeline.geometry()).toEqual(GEOMETRY);
    expect(failures).toEqual([]);
  });

  it('keeps what it shows when another one cannot be used', async () => {
    const spec = { url1: await camera(), url2: await camera(), geometry: GEOMETRY };
    const { pipeline } = await startPipeline(spec);
    open.push(pipeline);
    await expect.poll(() => pipeline.status().phase, { timeout: 30_000 }).toBe('running');

    const folded = { ...GEOMETRY, target: placed(224).map((row) => row.toReversed()) };
    expect(() => pipeline.setGeometry(folded)).toThrow('folds');

    expect(pipeline.geometry()).toEqual(GEOMETRY);
    expect(pipeline.status().geometry.origin).toBe('manual');
  });
});
