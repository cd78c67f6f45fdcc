import { describe, expect, it } from 'vitest';
import type { BundleManifest } from '../../../../src/contract/bundle-manifest.ts';
import { rigidMesh } from '../../../../src/geometry/rigid-mesh.ts';
import type { Network } from '../../../../src/inference/stabstitch2/networks.ts';
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
  /** The shift is that of one corner only. */
  fold: boolean;
}

/** Networks that answer as the scene says, and count how often each ran. */
function aScene(overrides: Partial<Scene> = {}, thresholds = { confidence: 0, overlap: 0.05 }) {
  const scene: Scene = { shift: 0, motion: { reference: 0, target: 0 }, delta: 0, fold: false, ...overrides };
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
    input: { width: 480, height: 360, mean: 127.5, scale: 127.5 },
    grid: GRID,
    window: 7,
    thresholds,
    networks: { temporal: { inputs: [{ name: 'previous_features', shape: [1, 1] }] } },
  } as unknown as BundleManifest;
  const networks = {
    manifest,
    spatial: network('spatial', () => ({
      homography_offsets: alongX(scene.shift, 8).map((value, at) => (scene.fold && at > 1 ? 0 : value)),
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

const pictures = new Map<number, Float32Array>();

/** A picture of a fixed pattern, as a camera sees it that has turned by `x` pixels. */
function image(x = 0): Float32Array {
  const known = pictures.get(x);
  if (known !== undefined) return known;
  const row = Float32Array.from({ length: 480 }, (_item, col) => Math.sin((col + x) / 17) / 2);
  const made = new Float32Array(3 * 480 * 360);
  for (let line = 0; line < 3 * 360; line += 1) {
    const offset = Math.cos((line % 360) / 23) / 2;
    made.set(
      row.map((value) => value + offset),
      line * 480,
    );
  }
  pictures.set(x, made);
  return made;
}
const scaled = (x: number): Float64Array => RIGID.map((value, at) => (value + (at % 2 === 0 ? x : 0)) * 2);
const near = (found: Float64Array, expected: Float64Array): number =>
  Math.max(...found.map((value, at) => Math.abs(value - expected[at]!)));

describe('StabStitch2Pipeline on every frame', () => {
  it('gives meshes in the scale of the reference view, each view bent half as much', async () => {
    const { networks } = aScene({ shift: 40 });
    const pipeline = new StabStitch2Pipeline(networks, { reference: VIEW, target: VIEW }, 'every-frame');

    const { geometry, confidence, reason } = await pipeline.next(image(), image(), 0, true);

    expect(reason).toBe('');
    expect(near(geometry!.reference, scaled(20))).toBeLessThan(1e-6);
    expect(near(geometry!.target, scaled(-20))).toBeLessThan(1e-6);
    expect(geometry!.overlap).toBeCloseTo(1 - 40 / 480, 1);
    expect(confidence).toBeLessThan(0.9);
  });

  it('says how far the views agree', async () => {
    const { networks } = aScene();
    const pipeline = new StabStitch2Pipeline(networks, { reference: VIEW, target: VIEW }, 'every-frame');
    const other = image().map((value) => 0.3 - value * 0.5);

    expect((await pipeline.next(image(), image(), 0, true)).confidence).toBeGreaterThan(0.99);
    expect((await pipeline.next(image(), other, 1, true)).confidence).toBe(0);
    expect((await pipeline.next(image(), new Float32Array(3 * 480 * 360), 2, true)).confidence).toBe(0);
  });

  it('holds back what the manifest’s thresholds refuse', async () => {
    const { networks, scene } = aScene({}, { confidence: 0.5, overlap: 0.05 });
    const pipeline = new StabStitch2Pipeline(networks, { reference: VIEW, target: VIEW }, 'every-frame');
    const negative = image().map((value) => -value);

    const disagrees = await pipeline.next(image(), negative, 0, true);
    scene.shift = 478;
    const apart = await pipeline.next(image(), image(-478), 1, true);

    expect(disagrees.geometry).toBeUndefined();
    expect(disagrees.reason).toMatch(/do not agree .*\(0 %\)/);
    expect(apart.geometry).toBeUndefined();
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

  it.each([
    ['is not a number', NaN, /cannot be drawn/],
    ['folds a view', 700, /folds|stretches|squeezes|horizon|cannot be drawn/],
  ])('goes on after an alignment that %s', async (_what, shift, message) => {
    const { networks, scene } = aScene();
    const pipeline = new StabStitch2Pipeline(networks, { reference: VIEW, target: VIEW }, 'every-frame');
    scene.shift = shift;
    scene.fold = true;

    const failed = await pipeline.next(image(), image(), 0, true);
    scene.shift = 10;
    scene.fold = false;
    const mended = await pipeline.next(image(), image(), 1, false);

    expect(failed.geometry).toBeUndefined();
    expect(failed.reason).toMatch(message);
    expect(mended.geometry).toBeDefined();
  });
});

describe('StabStitch2Pipeline live', () => {
  /** A pipeline whose first two comparisons agreed. */
  async function aligned(overrides: Partial<Scene> = {}, thresholds?: { confidence: number; overlap: number }) {
    const { scene, runs, networks } = aScene({ shift: 40, ...overrides }, thresholds);
    const pipeline = new StabStitch2Pipeline(networks, { reference: VIEW, target: VIEW }, 'live');
    const first = await pipeline.next(image(), image(-40), 0, true);
    const second = await pipeline.next(image(), image(-40), 200_000, true);
    return { scene, runs, pipeline, first, second };
  }

  it('shows an alignment when a second comparison agrees with the first', async () => {
    const { first, second } = await aligned();

    expect(first).toMatchObject({ geometry: undefined, jumped: true });
    expect(first.reason).toMatch(/second comparison/);
    expect(near(second.geometry!.reference, scaled(20))).toBeLessThan(1e-6);
  });

  it('shows nothing as long as comparisons contradict each other', async () => {
    const { networks, scene } = aScene();
    const pipeline = new StabStitch2Pipeline(networks, { reference: VIEW, target: VIEW }, 'live');

    for (let pair = 0; pair < 6; pair += 1) {
      scene.shift = pair % 2 === 0 ? 40 : 120;
      expect((await pipeline.next(image(), image(-40), pair * 200_000, true)).geometry).toBeUndefined();
    }
  });

  it('runs TemporalNet only while a camera moves', async () => {
    const { runs, pipeline, scene } = await aligned();
    for (let pair = 2; pair < 12; pair += 1) await pipeline.next(image(), image(-40), pair * 200_000, false);
    const still = { ...runs };

    scene.motion = { reference: 6, target: 6 };
    await pipeline.next(image(6), image(-34), 2_400_000, false);

    expect(still).toMatchObject({ spatial: 2, temporal: 2 });
    expect(runs.temporal).toBe(4);
  });

  it('averages what the comparisons of still cameras say', async () => {
    const { scene, pipeline, second } = await aligned();
    const shown = [second.geometry!.target[0]!];
    for (let pair = 2; pair < 24; pair += 1) {
      scene.shift = pair % 2 === 0 ? 42 : 38;
      const { geometry } = await pipeline.next(image(), image(-40), pair * 200_000, true);
      shown.push(geometry!.target[0]!);
    }

    const steps = shown.slice(1).map((x, at) => Math.abs(x - shown[at]!));
    expect(Math.max(...steps)).toBeLessThan(0.5);
    expect(shown.at(-1)).toBeCloseTo(-40, 0);
  });

  it('carries an alignment on with the cameras: a common motion leaves the meshes, a difference moves them apart', async () => {
    const { runs, pipeline, scene, second } = await aligned();
    const first = second.geometry!;

    scene.motion = { reference: 5, target: 5 };
    const panned = (await pipeline.next(image(5), image(-35), 240_000, false)).geometry!;
    scene.motion = { reference: 6, target: 6 };
    // The reference stands still, so that TemporalNet is asked about the target only.
    const turned = (await pipeline.next(image(5), image(-29), 280_000, false)).geometry!;

    expect(runs.spatial).toBe(2);
    expect(near(panned.reference, first.reference)).toBeLessThan(1e-4);
    expect(near(panned.target, first.target)).toBeLessThan(1e-4);
    const apart = (meshes: { reference: Float64Array; target: Float64Array }): number =>
      meshes.target[0]! - meshes.reference[0]!;
    // Both are 960 wide here, so six pixels of the networks' size are twelve.
    expect(apart(turned) - apart(panned)).toBeCloseTo(12, 0);
  });

  it.each([30, NaN])('compares the views at once when a camera moved by %s pixels', async (motion) => {
    const { runs, pipeline, scene } = await aligned();

    scene.motion = { reference: motion, target: motion };
    const lost = await pipeline.next(image(), image(-10), 240_000, false);
    scene.motion = { reference: 0, target: 0 };
    const found = await pipeline.next(image(), image(-10), 280_000, true);

    expect(lost.jumped).toBe(true);
    expect(found.jumped).toBe(false);
    expect(runs.spatial).toBe(4);
  });

  it('shows no alignment any more when two comparisons in a row do not count', async () => {
    const { pipeline } = await aligned({}, { confidence: 0.5, overlap: 0.05 });
    const dark = new Float32Array(3 * 480 * 360);

    const once = await pipeline.next(image(), dark, 400_000, true);
    const twice = await pipeline.next(image(), dark, 600_000, true);
    const again = await pipeline.next(image(), image(-40), 800_000, true);

    expect(once.geometry).toBeDefined();
    expect(twice.geometry).toBeUndefined();
    expect(twice.reason).toMatch(/do not agree/);
    expect(again.geometry).toBeDefined();
  });

  it('smooths over the last seven pairs', async () => {
    const { pipeline } = await aligned({ delta: 3 });
    const shown: number[] = [];
    for (let pair = 2; pair < 9; pair += 1) {
      const { geometry } = await pipeline.next(image(), image(-40), pair * 200_000, false);
      shown.push(geometry!.reference[0]! - geometry!.rawReference[0]!);
    }

    expect(shown).toEqual([0, 0, 0, 0, 0, -6, -6]);
  });
});
