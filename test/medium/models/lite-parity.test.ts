import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';

import { parseBundleManifest, type NetworkManifest } from '../../../src/contract/bundle-manifest.ts';
import { apply, invert } from '../../../src/geometry/homography.ts';
import { sampleField } from '../../../src/geometry/mesh-field.ts';

const WIDTH = 480;
const HEIGHT = 360;
/** Pixels of 480 x 360 per unit of the networks' normalised frame. */
const UNIT_PX = 240;
/** Largest difference between PyTorch and ONNX Runtime, px. */
const TOLERANCE_PX = 0.01;

interface Alignment {
  readonly h: number[];
  readonly mesh: number[];
  readonly stats: number[];
  readonly confidence: number[];
}

interface Expectations {
  readonly sha256: Record<string, string>;
  readonly waves: readonly (readonly [number, number, number, number])[];
  readonly sceneFromSecond: number[];
  readonly sceneFromLater: number[];
  readonly spatial: Record<string, Alignment>;
  /** The second view again, ground below a row displaced the more the lower it lies. */
  readonly ground: { row: number; px: number; spatial: Record<string, Alignment> };
  readonly temporal: { stats: number[]; h: number[] };
  readonly smooth: { raw: number[]; prev: number[]; out: number[] };
}

const bundle = new URL('../../../models/lite/', import.meta.url);
const manifest = parseBundleManifest(JSON.parse(await readFile(new URL('manifest.json', bundle), 'utf8')));
const expected = JSON.parse(
  await readFile(new URL('../../golden/models/lite.json', import.meta.url), 'utf8'),
) as Expectations;
const spatials = [manifest.networks.spatial, ...Object.values(manifest.profiles ?? {}).map((p) => p.spatial)];
const networks = [...spatials, manifest.networks.temporal, manifest.networks.smooth];

/** The scene of `seamline_train parity`, or another one, seen through view px -> scene, with ground displaced by up to groundPx. */
function picture(sceneFromView: readonly number[], waves = expected.waves, groundPx = 0): Float32Array {
  const luma = new Float32Array(WIDTH * HEIGHT);
  const view = Float64Array.from(sceneFromView);
  for (let index = 0; index < luma.length; index += 1) {
    const row = Math.floor(index / WIDTH);
    const [x, y] = apply(view, (index % WIDTH) + besidePx(row, groundPx), row);
    let value = 128;
    for (const [fx, fy, phase, amplitude] of waves) value += amplitude * Math.sin(fx * x + fy * y + phase);
    luma[index] = Math.min(255, Math.max(0, Math.floor(value + 0.5)));
  }
  return luma;
}

function besidePx(row: number, groundPx: number): number {
  return (groundPx * Math.max(0, row - expected.ground.row)) / (HEIGHT - expected.ground.row);
}

/** A bare wall under a spot of light, with a grain that no two pictures share. */
function litWall(level: number, spot: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: WIDTH * HEIGHT }, (_, index) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const [x, y] = [(index % WIDTH) - WIDTH / 2, Math.floor(index / WIDTH) - HEIGHT / 2];
    return Math.round(level + spot * Math.exp(-(x * x + y * y) / 60_000) + 4 * (state / 2 ** 32 - 0.5));
  });
}

async function run(
  network: NetworkManifest,
  inputs: Record<string, ArrayLike<number>>,
): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(new Uint8Array(await readFile(new URL(network.file, bundle))), {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  try {
    const feeds: Record<string, Tensor> = {};
    for (const { name, shape } of network.inputs) feeds[name] = new Tensor('float32', Float32Array.from(inputs[name]!), shape);
    const results = await session.run(feeds);
    const outputs: Record<string, Float32Array> = {};
    for (const { name, shape } of network.outputs) {
      expect(results[name]?.dims, `shape of ${name}`).toEqual([...shape]);
      outputs[name] = results[name]!.data as Float32Array;
    }
    return outputs;
  } finally {
    await session.release();
  }
}

function largestDifference(actual: ArrayLike<number>, wanted: readonly number[], unit = 1): number {
  expect(actual.length).toBe(wanted.length);
  return wanted.reduce((largest, value, index) => Math.max(largest, Math.abs(value - actual[index]!) * unit), 0);
}

/** Largest distance of the corners' images under two homographies of the normalised frame, px. */
function cornerDistancePx(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [first, second] = [Float64Array.from(a), Float64Array.from(b)];
  const distances = [-1, 1].flatMap((x) =>
    [-0.75, 0.75].map((y) => {
      const [p, q] = [apply(first, x, y), apply(second, x, y)];
      return Math.hypot(p[0] - q[0], p[1] - q[1]) * UNIT_PX;
    }),
  );
  return Math.max(...distances);
}

/** A homography of pixels (integer centres) as one of the normalised frame, row-major. */
function normalised(pixels: readonly number[]): Float64Array {
  const h = Float64Array.from(pixels);
  const image = (x: number, y: number): [number, number] => {
    const [u, v] = apply(h, x * UNIT_PX + (WIDTH - 1) / 2, y * UNIT_PX + (HEIGHT - 1) / 2);
    return [(u - (WIDTH - 1) / 2) / UNIT_PX, (v - (HEIGHT - 1) / 2) / UNIT_PX];
  };
  return Float64Array.from([...image(-1, -0.75), ...image(1, 0.75), ...image(0, 0)]);
}

const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const first = picture(IDENTITY);

describe('default bundle', () => {
  it('lists every file with its hash, at most 8 MB each', async () => {
    for (const network of networks) {
      const file = await readFile(new URL(network.file, bundle));
      expect(createHash('sha256').update(file).digest('hex'), network.file).toBe(network.sha256);
      expect(expected.sha256[network.file], `${network.file} is what PyTorch was asked about`).toBe(network.sha256);
      expect(file.length).toBeLessThan(8e6);
    }
  });

  it.each(spatials)('computes in ONNX Runtime what PyTorch does: $file', async (network) => {
    const wanted = expected.spatial[network.file]!;
    const got = await run(network, { a: first, b: picture(expected.sceneFromSecond) });
    expect(cornerDistancePx(got['h']!, wanted.h)).toBeLessThan(TOLERANCE_PX);
    expect(largestDifference(got['mesh']!, wanted.mesh, UNIT_PX)).toBeLessThan(TOLERANCE_PX);
    expect(largestDifference(got['confidence']!, wanted.confidence)).toBeLessThan(1e-3);
  });

  it.each(spatials)('finds the true alignment of a rendered pair: $file', async (network) => {
    const got = await run(network, { a: first, b: picture(expected.sceneFromSecond) });
    const h = Float64Array.from(got['h']!);
    // Points of the second picture that the first shows too, back and forth.
    const back = invert(h);
    for (const [x, y] of [
      [-0.9, -0.6],
      [-0.9, 0.6],
      [0.2, 0],
    ] as const) {
      const scene = apply(Float64Array.from(expected.sceneFromSecond), x * 240 + 239.5, y * 240 + 179.5);
      const found = apply(back, x, y);
      const off = Math.hypot(found[0] * 240 + 239.5 - scene[0], found[1] * 240 + 179.5 - scene[1]);
      expect(off).toBeLessThan(0.3);
    }
    expect(got['confidence']![0]).toBeGreaterThan(manifest.thresholds.confidence);
  });

  it.each(spatials)('carries ground that lies nearer than the rest of a scene: $file', async (network) => {
    const { px, spatial } = expected.ground;
    const wanted = spatial[network.file]!;
    const ground = picture(expected.sceneFromSecond, expected.waves, px);
    const got = await run(network, { a: first, b: ground });
    expect(cornerDistancePx(got['h']!, wanted.h)).toBeLessThan(TOLERANCE_PX);
    expect(largestDifference(got['mesh']!, wanted.mesh, UNIT_PX)).toBeLessThan(10 * TOLERANCE_PX);
    expect(largestDifference(got['confidence']!, wanted.confidence)).toBeLessThan(1e-3);
    expect(got['confidence']![0]).toBeGreaterThan(manifest.thresholds.confidence);
    // By the homography alone the ground is off by 12 px in the mean.
    const residual = Float64Array.from(got['mesh']!, (value) => value * UNIT_PX);
    const view = { widthPx: WIDTH, heightPx: HEIGHT };
    const h = Float64Array.from(got['h']!);
    const off: number[] = [];
    for (let x = 20; x < WIDTH; x += 40) {
      for (let y = 190; y < HEIGHT; y += 30) {
        const [sceneX, sceneY] = apply(Float64Array.from(expected.sceneFromSecond), x + besidePx(y, px), y);
        if (sceneX < 10 || sceneX > WIDTH - 10 || sceneY < 10 || sceneY > HEIGHT - 10) continue;
        const [dx, dy] = sampleField(residual, manifest.grid, view, sceneX + 0.5, sceneY + 0.5);
        const [u, v] = apply(h, (sceneX + dx - 239.5) / UNIT_PX, (sceneY + dy - 179.5) / UNIT_PX);
        off.push(Math.hypot(u * UNIT_PX + 239.5 - x, v * UNIT_PX + 179.5 - y));
      }
    }
    expect(off.length).toBeGreaterThan(20);
    expect(Math.max(...off)).toBeLessThan(3);
  });

  it.each([
    ['black pictures', new Float32Array(WIDTH * HEIGHT).fill(16), new Float32Array(WIDTH * HEIGHT).fill(16)],
    ['plain grey ones', new Float32Array(WIDTH * HEIGHT).fill(90), new Float32Array(WIDTH * HEIGHT).fill(140)],
    ['a bare wall in the light of the camera', litWall(40, 90, 1), litWall(44, 85, 2)],
    ['a bare wall by day', litWall(110, 30, 3), litWall(120, 40, 4)],
  ])('gives %s no confidence', async (_what, a, b) => {
    const got = await run(manifest.networks.spatial, { a, b });
    expect(got['confidence']![0]).toBeLessThan(manifest.thresholds.confidence);
  });

  it('gives a scene of the same waves at other phases no confidence', async () => {
    const phases = expected.waves.map(([, , phase]) => phase).toReversed();
    const other = expected.waves.map(([fx, fy, , amplitude], index) => [fx, fy, phases[index]!, amplitude] as const);
    const got = await run(manifest.networks.spatial, { a: first, b: picture(IDENTITY, other) });
    expect(got['confidence']![0]).toBeLessThan(manifest.thresholds.confidence);
  });

  it('gives a scene and its mirror image, which meet at their rim alone, no confidence', async () => {
    const mirrored = first.map((_, index) => first[index - 2 * (index % WIDTH) + WIDTH - 1]!);
    const got = await run(manifest.networks.spatial, { a: first, b: mirrored });
    expect(got['confidence']![0]).toBeLessThan(manifest.thresholds.confidence);
  });

  it('computes in ONNX Runtime what PyTorch does: temporal.onnx', async () => {
    const got = await run(manifest.networks.temporal, { prev: first, cur: picture(expected.sceneFromLater) });
    expect(cornerDistancePx(got['h']!, expected.temporal.h)).toBeLessThan(TOLERANCE_PX);
    expect(largestDifference(got['stats']!, expected.temporal.stats)).toBeLessThan(1e-3);
  });

  it('follows the motion of a rendered frame', async () => {
    const got = await run(manifest.networks.temporal, { prev: first, cur: picture(expected.sceneFromLater) });
    const truth = normalised(expected.sceneFromLater);
    const h = Float64Array.from(got['h']!);
    const found = [...apply(h, -1, -0.75), ...apply(h, 1, 0.75), ...apply(h, 0, 0)];
    expect(largestDifference(found, [...truth], UNIT_PX)).toBeLessThan(0.3);
  });

  it('computes in ONNX Runtime what PyTorch does: smooth.onnx', async () => {
    const { raw, prev, out } = expected.smooth;
    const got = await run(manifest.networks.smooth, { raw, prev });
    expect(largestDifference(got['out']!, out)).toBeLessThan(TOLERANCE_PX);
  });
});
