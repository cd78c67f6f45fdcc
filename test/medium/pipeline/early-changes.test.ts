import { afterEach, describe, expect, it } from 'vitest';
import type { ManualGeometry } from '../../../src/contract/warp-state.ts';
import { reasonsOf } from '../../../src/jobs/job-state.ts';
import { encodeVideo } from '../../helpers/coded-video.ts';
import { FakeCamera } from '../../helpers/fake-camera.ts';
import { aPipeline, EndlessLoading, startPipeline } from '../../helpers/job-pipeline.ts';

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

async function startCamera(size = '192x128'): Promise<FakeCamera> {
  const camera = await FakeCamera.start(await encodeVideo({ size }), {});
  open.push(camera);
  return camera;
}

const camera = async (): Promise<string> => (await startCamera()).url;

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

    await pipeline.change({ geometry: GEOMETRY });
    await expect.poll(() => pipeline.status().phase, { timeout: 30_000 }).toBe('running');

    expect(pipeline.geometry()).toEqual(GEOMETRY);
    expect(failures).toEqual([]);
  });

  it.each(['in POST', 'by PATCH'])(
    'goes on side by side and says why when one %s does not fit its cameras',
    async (how) => {
      const spec = { url1: await camera(), url2: await camera() };
      // Nobody can know before the cameras have answered that their views would be stretched fourfold.
      const wide = (left: number) => [0, 512].map((y) => [0, 768].map((x) => [left + x, y] as [number, number]));
      const geometry = { kind: 'meshes', width: 1536, height: 512, reference: wide(0), target: wide(768) } as const;
      const { pipeline, failures } = aPipeline(how === 'in POST' ? { ...spec, geometry } : spec);
      open.push(pipeline);

      const started = pipeline.start();
      if (how === 'by PATCH') await pipeline.change({ geometry });
      await started;
      await expect.poll(() => pipeline.status().phase, { timeout: 30_000 }).toBe('running');
      await pipeline.change({ fill: 'blur' });

      expect(reasonsOf(pipeline.status())).toEqual([
        'the views are shown side by side: what was fixed by hand cannot be used: ' +
          'the alignment stretches a view more than threefold',
      ]);
      await expect(pipeline.change({ geometry })).rejects.toThrow('threefold');
      await pipeline.change({ geometry: null });
      expect(reasonsOf(pipeline.status()).join()).not.toContain('by hand');
      await pipeline.change({ geometry: GEOMETRY });
      expect(pipeline.status().geometry).toMatchObject({ origin: 'manual', reason: '' });
      expect(failures).toEqual([]);
    },
  );

  it('keeps all as it is when a change has one that cannot be used', async () => {
    const [left, right] = [await startCamera(), await startCamera()];
    const { pipeline, units } = await startPipeline({ url1: left.url, url2: right.url, geometry: GEOMETRY });
    open.push(pipeline);
    await expect.poll(() => pipeline.status().phase, { timeout: 30_000 }).toBe('running');
    const before = pipeline.status();

    const folded = { ...GEOMETRY, target: placed(224).map((row) => row.toReversed()) };
    const change = { bitrateKbps: 900, fill: 'crop', syncOffsetMs: 400, swap: true, geometry: folded } as const;
    await expect(pipeline.change(change)).rejects.toThrow('folds');

    expect(pipeline.status().cameras.map(({ phase }) => phase)).toEqual(['running', 'running']);
    // An encoder of another bit rate takes over within a second or so.
    const seen = units.length;
    await expect.poll(() => units.length, { timeout: 30_000 }).toBeGreaterThan(seen + 50);
    expect(pipeline.status().output).toEqual(before.output);
    expect(pipeline.status().geometry.version).toBe(before.geometry.version);
    expect(pipeline.geometry()).toEqual(GEOMETRY);
    expect([left.connections, right.connections]).toEqual([1, 1]);
  });
});

describe('a job whose cameras are exchanged', () => {
  /** Of what the reference view shows; the cameras differ in it. */
  const widthOverHeight = (geometry: ManualGeometry): number => {
    const points = geometry.kind === 'meshes' ? geometry.reference.flat() : [];
    const side = (axis: 0 | 1): number => {
      const values = points.map((point) => point[axis]);
      return Math.max(...values) - Math.min(...values);
    };
    return side(0) / side(1);
  };

  it('before it has opened any opens each once, in the new order', async () => {
    const [left, right] = [await startCamera('192x128'), await startCamera('128x192')];
    const spec = { url1: left.url, url2: right.url };
    const { pipeline, failures } = aPipeline(spec, { alignTimeoutMs: 100 }, new EndlessLoading());
    open.push(pipeline);

    void pipeline.start();
    await pipeline.change({ swap: true });
    await expect.poll(() => pipeline.status().phase, { timeout: 30_000 }).toBe('running');

    expect(widthOverHeight(pipeline.geometry())).toBeCloseTo(128 / 192);
    expect([left.connections, right.connections]).toEqual([1, 1]);
    expect(failures).toEqual([]);
  });

  it('several times at once has each open once, in the last order', async () => {
    const [left, right] = [await startCamera(), await startCamera()];
    const { pipeline, failures } = await startPipeline({ url1: left.url, url2: right.url });
    open.push(pipeline);
    const isUp = (): boolean => pipeline.status().cameras.every(({ phase }) => phase === 'running');
    await expect.poll(isUp, { timeout: 30_000 }).toBe(true);

    await Promise.all([true, false, true, false, true].map((swap) => pipeline.change({ swap })));
    await expect.poll(isUp, { timeout: 30_000 }).toBe(true);

    expect([left.open, right.open]).toEqual([1, 1]);
    expect([left.connections, right.connections]).toEqual([2, 2]);
    expect(failures).toEqual([]);
  });

  it('and closed meanwhile leaves none open', async () => {
    const [left, right] = [await startCamera(), await startCamera()];
    const { pipeline } = await startPipeline({ url1: left.url, url2: right.url });
    open.push(pipeline);
    await expect.poll(() => left.open + right.open, { timeout: 30_000 }).toBe(2);

    await Promise.all([pipeline.change({ swap: true }), pipeline.close()]);

    await expect.poll(() => left.open + right.open, { timeout: 5000 }).toBe(0);
    expect([left.connections, right.connections]).toEqual([1, 1]);
  });
});
