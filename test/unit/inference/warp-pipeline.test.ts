import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';

import { parseBundleManifest, type BundleManifest } from '../../../src/contract/bundle-manifest.ts';
import type { PlaneGeometry } from '../../../src/contract/warp-state.ts';
import type { NetworkSession } from '../../../src/inference/runtime/session.ts';
import { SpatialNet } from '../../../src/inference/spatial-net.ts';
import { TemporalNet } from '../../../src/inference/temporal-net.ts';
import { WarpPipeline, type PipelineCadence } from '../../../src/inference/warp-pipeline.ts';
import { drawView } from '../../helpers/textured-scene.ts';

const network = { widthPx: 480, heightPx: 360 };
const view = { widthPx: 960, heightPx: 720 };
const POINTS = 130;

/** What the three networks say, changed by the tests: shift of the target in widths, confidence, residual. */
class Networks {
  shift = -0.5;
  confidence = 0.95;
  residual = new Float32Array(2 * POINTS);
  /** Older ← newer picture, normalised. */
  motion = Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1]);

  readonly spatial = this.session(() => ({
    h: Float32Array.from([1, 0, 2 * this.shift, 0, 1, 0, 0, 0, 1]),
    mesh: this.residual,
    confidence: Float32Array.of(this.confidence),
  }));
  readonly temporal = this.session(() => ({ h: this.motion, stats: Float32Array.of(0.9) }));
  readonly smooth = this.session(() => ({ out: new Float32Array(2 * POINTS) }));

  private session(run: () => Record<string, Float32Array>): NetworkSession {
    return { run: () => Promise.resolve(run()), lastMs: 1 } as unknown as NetworkSession;
  }
}

const luma = (dx: number): Float32Array =>
  Float32Array.from(drawView(network, Float64Array.from([1, 0, 300 + dx, 0, 1, 200, 0, 0, 1]), { grain: [2, 5] }));

let manifest: BundleManifest;
let place: Float32Array;
let moved: Float32Array;
beforeAll(async () => {
  const file = new URL('../../../models/lite/manifest.json', import.meta.url);
  manifest = parseBundleManifest(JSON.parse(await readFile(file, 'utf8')));
  [place, moved] = [luma(0), luma(5)];
});

function pipeline(networks: Networks, cadence: PipelineCadence = 'live'): WarpPipeline {
  const [spatial, temporal] = [
    new SpatialNet(networks.spatial, manifest),
    new TemporalNet(networks.temporal, manifest),
  ];
  return new WarpPipeline(
    { manifest, spatial, temporal, smooth: networks.smooth },
    { reference: view, target: view },
    cadence,
  );
}

/** How far the target lies to the right of the reference in a geometry, at the same control point. */
const targetShift = ({ reference, target }: PlaneGeometry): number => target[0]! - reference[0]!;

describe('geometries of a pair over time', () => {
  it('begin when two comparisons agree', async () => {
    const networks = new Networks();
    const pairs = pipeline(networks);
    const first = await pairs.next(place, place, 0, true);
    expect(first).toMatchObject({ geometry: undefined, jumped: true });
    networks.shift = -0.3;
    const other = await pairs.next(place, place, 200_000, true);
    expect(other.geometry).toBeUndefined();
    expect(other.reason).toMatch(/second comparison/);
    const agreed = await pairs.next(place, place, 400_000, true);
    expect(targetShift(agreed.geometry!)).toBeCloseTo(0.3 * view.widthPx, 3);
    expect(agreed.isMoving).toBe(false);
  });

  it('begin at once where every picture is compared', async () => {
    const { geometry } = await pipeline(new Networks(), 'every-frame').next(place, place, 0, false);
    expect(targetShift(geometry!)).toBeCloseTo(0.5 * view.widthPx, 3);
  });

  it.each<[string, RegExp, (networks: Networks) => void]>([
    ['a folded mesh', /folds a view/, (networks) => (networks.residual[2 * 60] = 0.6)],
    ['a number that is none', /not finite|cannot be drawn/, (networks) => (networks.residual[7] = Number.NaN)],
    [
      'no confidence',
      /not be brought together.*turn a camera.*close in front/,
      (networks) => (networks.confidence = 0.05),
    ],
    ['hardly any overlap', /overlap/, (networks) => (networks.shift = -0.97)],
  ])('are held for two seconds and then said to be lost, with the reason: %s', async (_what, reason, spoil) => {
    const networks = new Networks();
    const pairs = pipeline(networks);
    for (const ptsUs of [0, 200_000]) await pairs.next(place, place, ptsUs, true);
    spoil(networks);
    const held = await pairs.next(place, place, 400_000, true);
    expect(targetShift(held.geometry!)).toBeCloseTo(0.5 * view.widthPx, 3);
    const lost = await pairs.next(place, place, 2_600_000, true);
    expect(lost.geometry).toBeUndefined();
    expect(lost.reason).toMatch(reason);
  });

  it('follow a camera that moved without waiting for a comparison', async () => {
    const networks = new Networks();
    const pairs = pipeline(networks);
    for (const ptsUs of [0, 200_000]) await pairs.next(place, place, ptsUs, true);
    // The target looks 5 px of 480 further to the right: what it sees was further right in the picture before.
    networks.motion[2] = 10 / network.widthPx;
    const carried = await pairs.next(place, moved, 240_000, false);
    expect(carried.isMoving).toBe(true);
    expect(carried.networkMs).not.toHaveProperty('spatial');
    // The middle of the reference's upper edge met the target's corner before; cells are 80 px wide.
    const { reference, target } = carried.geometry!;
    expect((80 * (target[0]! - reference[12]!)) / (reference[14]! - reference[12]!)).toBeCloseTo(10, 1);
  });

  it('begin anew after a jump, with the comparison of that very pair', async () => {
    const networks = new Networks();
    const pairs = pipeline(networks);
    for (const ptsUs of [0, 200_000]) await pairs.next(place, place, ptsUs, true);
    // Further than TemporalNet follows.
    networks.motion[2] = 0.4;
    networks.shift = -0.6;
    const jump = await pairs.next(place, luma(-90), 240_000, false);
    expect(jump).toMatchObject({ jumped: true, isMoving: true });
    expect(jump.networkMs).toHaveProperty('spatial');
    networks.motion[2] = 0;
    const there = luma(-90);
    for (let t = 1; t < 40; t += 1) await pairs.next(place, there, 240_000 + 40_000 * t, true);
    const { geometry } = await pairs.next(place, there, 2_000_000, true);
    expect(Math.abs(targetShift(geometry!) - 0.6 * view.widthPx)).toBeLessThan(1);
  });
});
