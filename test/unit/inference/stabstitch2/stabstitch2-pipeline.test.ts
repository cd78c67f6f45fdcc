import { describe, expect, it } from 'vitest';
import type { BundleManifest } from '../../../../src/contract/bundle-manifest.ts';
import { rigidMesh } from '../../../../src/geometry/rigid-mesh.ts';
import type { Network } from '../../../../src/inference/stabstitch2/exact-pipeline.ts';
import { StabStitch2Pipeline } from '../../../../src/inference/stabstitch2/stabstitch2-pipeline.ts';

const GRID = { rows: 6, cols: 8 };
const POINTS = 63 * 2;
const VIEW = { widthPx: 960, heightPx: 720 };
const RIGID = rigidMesh(GRID, { widthPx: 480, heightPx: 360 });

interface Scene {
  /** Horizontal corner offset of the target, pixels of 480. */
  shift: number;
  /** Motions of the reference and the target since the frame before. */
  motion: { reference: number; target: number };
  /** Everything that SmoothNet takes away. */
  delta: number;
}

/** Networks that answer as the scene says, and count how often each ran. */
function aScene(overrides: Partial<Scene> = {}, thresholds = { confidence: 0, overlap: 0.05 }) {
  const scene: Scene = { shift: 0, motion: { reference: 0, target: 0 }, delta: 0, ...overrides };
  const runs = { spatial: 0, temporal: 0, smooth: 0 };
  const alongX = (value: number, count = POINTS): Float32Array =>
    Float32Array.from({ length: count }, (_item, at) => (at % 2 === 0 ? value : 0));
  const network = (role: keyof typeof runs, answer: () => Record<string, Float32Array>): Network => ({
    lastMs: 1,
    run: () => {
      runs[role] += 1;
      return Promise.resolve(answer());
    },
  });
  const manifest = {
    name: 'test',
    input: { width: 480, height: 360 },
    grid: GRID,
    window: 7,
    thresholds,
    networks: { temporal: { inputs: [{ name: 'previous_features', shape: [1, 1] }] } },
  } as unknown as BundleManifest;
  const networks = {
    manifest,
    spatial: network('spatial', () => ({
      homography_offsets: alongX(scene.shift, 8),
      mesh_offsets_reference: alongX(0),
      mesh_offsets_target: alongX(0),
    })),
    // The reference is asked first, then the target.
    temporal: network('temporal', () => ({
      motion: alongX(runs.temporal % 2 === 1 ? scene.motion.reference : scene.motion.target),
      features: new Float32Array(1),
    })),
    smooth: network('smooth', () => ({
      delta_reference: alongX(scene.delta, POINTS * 7),
      delta_target: alongX(0, POINTS * 7),
    })),
  };
  return { scene, runs, networks };
}

const image = (): Float32Array =>
  Float32Array.from(
    { length: 3 * 480 * 360 },
    (_item, at) => Math.sin((at % 480) / 17) + Math.cos((Math.floor(at / 480) % 360) / 23),
  );
const scaled = (x: number): Float64Array => RIGID.map((value, at) => (value + (at % 2 === 0 ? x : 0)) * 2);
const near = (found: Float64Array, expected: Float64Array): number =>
  Math.max(...found.map((value, at) => Math.abs(value - expected[at]!)));

describe('StabStitch2Pipeline', () => {
  it('gives meshes in the scale of the reference view, each view bent half as much', async () => {
    const { networks } = aScene({ shift: 40 });
    const pipeline = new StabStitch2Pipeline(networks, { reference: VIEW, target: VIEW }, 'live');

    const { geometry, confidence, reason } = await pipeline.next(image(), image(), 0, true);

    expect(reason).toBe('');
    expect(near(geometry!.reference, scaled(20))).toBeLessThan(1e-6);
    expect(near(geometry!.target, scaled(-20))).toBeLessThan(1e-6);
    expect(geometry!.overlap).toBeCloseTo(1 - 40 / 480, 1);
    expect(confidence).toBeLessThan(0.9);
  });

  it('says how far the views agree', async () => {
    const { networks } = aScene();
    const pipeline = new StabStitch2Pipeline(networks, { reference: VIEW, target: VIEW }, 'live');
    const other = image().map((value) => 0.3 - value * 0.5);

    expect((await pipeline.next(image(), image(), 0, true)).confidence).toBeGreaterThan(0.99);
    expect((await pipeline.next(image(), other, 1, true)).confidence).toBe(0);
    expect((await pipeline.next(image(), new Float32Array(3 * 480 * 360), 2, true)).confidence).toBe(0);
  });

  it('holds back what the manifest’s thresholds refuse', async () => {
    const { networks } = aScene({}, { confidence: 0.5, overlap: 0.05 });
    const pipeline = new StabStitch2Pipeline(networks, { reference: VIEW, target: VIEW }, 'live');

    const { geometry, reason } = await pipeline.next(
      image(),
      image().map((value) => -value),
      0,
      true,
    );

    expect(geometry).toBeUndefined();
    expect(reason).toMatch(/nothing in common/);
  });

  it('smooths from the seventh frame on', async () => {
    const { networks, runs } = aScene({ delta: 3 });
    const pipeline = new StabStitch2Pipeline(networks, { reference: VIEW, target: VIEW }, 'every-frame');
    const shown: number[] = [];

    for (let frame = 0; frame < 8; frame += 1) {
      const { geometry } = await pipeline.next(image(), image(), frame, false);
      shown.push(geometry!.reference[0]! - geometry!.rawReference[0]!);
    }

    expect(shown).toEqual([0, 0, 0, 0, 0, 0, -6, -6]);
    expect(runs).toEqual({ spatial: 8, temporal: 16, smooth: 2 });
  });

  it('carries an alignment on with the cameras: a common motion leaves the meshes, a difference moves them apart', async () => {
    const { networks, runs, scene } = aScene({ shift: 40 });
    const pipeline = new StabStitch2Pipeline(networks, { reference: VIEW, target: VIEW }, 'live');
    const first = (await pipeline.next(image(), image(), 0, true)).geometry!;

    scene.motion = { reference: 5, target: 5 };
    const panned = (await pipeline.next(image(), image(), 1, false)).geometry!;
    scene.motion = { reference: 0, target: 6 };
    const turned = (await pipeline.next(image(), image(), 2, false)).geometry!;

    expect(runs.spatial).toBe(1);
    expect(near(panned.reference, first.reference)).toBeLessThan(1e-4);
    expect(near(panned.target, first.target)).toBeLessThan(1e-4);
    const apart = (meshes: { reference: Float64Array; target: Float64Array }): number =>
      meshes.target[0]! - meshes.reference[0]!;
    // Both are 960 wide here, so six pixels of the networks' size are twelve.
    expect(apart(turned) - apart(panned)).toBeCloseTo(12, 0);
  });

  it('aligns anew when a camera moved further than TemporalNet can see', async () => {
    const { networks, runs, scene } = aScene();
    const pipeline = new StabStitch2Pipeline(networks, { reference: VIEW, target: VIEW }, 'live');
    await pipeline.next(image(), image(), 0, true);

    scene.motion = { reference: 0, target: 30 };
    const { jumped } = await pipeline.next(image(), image(), 1, false);
    scene.motion = { reference: 0, target: 0 };
    await pipeline.next(image(), image(), 2, false);

    expect(jumped).toBe(true);
    expect(runs.spatial).toBe(2);
  });

  it('goes on after an alignment that cannot be drawn', async () => {
    const { networks, scene } = aScene();
    const pipeline = new StabStitch2Pipeline(networks, { reference: VIEW, target: VIEW }, 'live');
    scene.shift = NaN;

    const failed = await pipeline.next(image(), image(), 0, true);
    scene.shift = 10;
    const mended = await pipeline.next(image(), image(), 1, false);

    expect(failed.geometry).toBeUndefined();
    expect(failed.reason).toMatch(/cannot be drawn/);
    expect(mended.geometry).toBeDefined();
  });
});
