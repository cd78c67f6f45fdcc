import { describe, expect, it } from 'vitest';

import type { CanvasGeometry } from '../../../src/contract/warp-state.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';
import { FOLLOW_SIZE } from '../../../src/inference/camera-follower.ts';
import { GeometryFollower } from '../../../src/pipeline/geometry-follower.ts';
import { drawView } from '../../helpers/textured-scene.ts';

const view = { widthPx: 960, heightPx: 720 };
const grid = { rows: 4, cols: 6 };
/** Pixels of the view per pixel of the small picture. */
const SCALE = view.widthPx / FOLLOW_SIZE.widthPx;
const MIDDLE = (2 * (grid.cols + 1) + 3) * 2;

/** How far a mesh draws what lies around `col` of its middle row to the right of where it is in the view. */
const drawnRight = (mesh: Float64Array, col: number): number => {
  const at = (2 * (grid.cols + 1) + col) * 2;
  return mesh[at]! - rigidMesh(grid, view)[at]!;
};

/** Picture of a camera that looks `px` pixels of the view further to the right. */
const seen = (px: number): Float32Array =>
  Float32Array.from(drawView(FOLLOW_SIZE, Float64Array.from([1, 0, 300 + px / SCALE, 0, 1, 200, 0, 0, 1])));

/** A geometry that draws the reference where it is and the target `dx` to the right. */
function geometry(dx: number, version: number): CanvasGeometry {
  const reference = rigidMesh(grid, view);
  const target = reference.map((value, index) => value + (index % 2 === 0 ? dx : 0));
  const raw = { rawReference: reference, rawTarget: target };
  const canvas = { widthPx: 1920, heightPx: 768 };
  const facts = { version, origin: 'network', canvas, grid, referenceView: view, targetView: view } as const;
  return { ...facts, reference, target, ...raw, confidence: 1, overlap: 0.5 };
}

describe('geometries of moving cameras', () => {
  it('draw what a camera sees at the place where it was drawn before', () => {
    const follower = new GeometryFollower({ reference: view, target: view }, grid);
    for (const [t, px] of [0, 9, -6].entries()) {
      follower.see(0, seen(0), t);
      follower.see(1, seen(px), t);
    }
    expect(follower.rebase(geometry(500, 1), [0, 0], 4)).toBe(true);
    const still = rigidMesh(grid, view)[MIDDLE]!;
    for (const [t, px] of [0, 9, -6].entries()) {
      const drawn = follower.at([t, t])!;
      expect(drawn.version).toBe(1);
      expect(Math.abs(drawn.reference[MIDDLE]! - still)).toBeLessThan(0.3);
      expect(Math.abs(drawn.target[MIDDLE]! - (still + 500 + px))).toBeLessThan(0.5);
    }
  });

  it('give in what a new one says otherwise over several pictures, while they follow the camera', () => {
    const follower = new GeometryFollower({ reference: view, target: view }, grid);
    const shake = [0, 6, -5, 4, 0, 5];
    for (const [t, px] of shake.entries()) {
      follower.see(0, seen(0), t);
      follower.see(1, seen(px), t);
    }
    follower.rebase(geometry(500, 1), [0, 0], 4);
    for (const t of [0, 1]) follower.at([t, t]);
    // Found for the pair before: 6 px to the right of what was shown.
    expect(follower.rebase(geometry(506, 2), [0, 0], 3)).toBe(true);
    const apart = [2, 3, 4, 5].map((t) => {
      const { reference, target } = follower.at([t, t])!;
      // In the middle of the overlap, where the views meet.
      return drawnRight(target, 1) - (drawnRight(reference, 4) + drawnRight(reference, 5)) / 2 - shake[t]!;
    });
    for (const [index, wanted] of [502, 504, 506, 506].entries())
      expect(Math.abs(apart[index]! - wanted), `after ${index + 1}`).toBeLessThan(0.5);
  });

  it('follow a pan on one mount at its own pace, a little behind, and stay aligned', () => {
    const follower = new GeometryFollower({ reference: view, target: view }, grid);
    const still = rigidMesh(grid, view);
    const [before, after]: number[][] = [[], []];
    // Both cameras turn 4 px a picture and then stop; the networks keep the views in place and let the content pass.
    const pictures = Array.from({ length: 21 }, (_none, t) => seen(4 * t));
    for (let t = 0; t < 80; t += 1) {
      for (const side of [0, 1] as const) follower.see(side, pictures[Math.min(20, t)]!, 40_000 * t);
      if (t % 5 === 0) follower.rebase(geometry(500, t), [40_000 * t, 40_000 * t], 5);
      const { reference, target } = follower.at([40_000 * t, 40_000 * t])!;
      expect(Math.abs(target[MIDDLE]! - reference[MIDDLE]! - 500)).toBeLessThan(0.5);
      (t <= 20 ? before! : after!).push(reference[MIDDLE]! - still[MIDDLE]!);
    }
    // Content that passes lies where it was a few pictures ago, to the right of where the views are drawn.
    expect(before!.at(-1)! - before!.at(-2)!).toBeLessThan(0.3);
    expect(before!.at(-1)!).toBeLessThan(0.05 * 1920);
    expect(Math.min(...before!, ...after!)).toBeGreaterThan(-0.3);
    expect(after!.at(-1)!).toBeLessThan(1.5);
  });

  it('hold at rest, and are carried on from the very picture in which a camera moves', () => {
    const follower = new GeometryFollower({ reference: view, target: view }, grid);
    follower.rebase(geometry(500, 1), [7, 7], 4);
    for (const t of [10, 11, 12]) {
      expect(follower.watch(0, seen(0), t)).toBe(false);
      expect(follower.watch(1, seen(0), t)).toBe(false);
      follower.rest([t, t]);
    }
    expect(follower.watch(0, seen(0), 13)).toBe(false);
    expect(follower.watch(1, seen(12), 13)).toBe(true);
    const { reference, target } = follower.at([13, 13])!;
    const still = rigidMesh(grid, view)[MIDDLE]!;
    expect(Math.abs(reference[MIDDLE]! - still)).toBeLessThan(0.3);
    expect(Math.abs(target[MIDDLE]! - (still + 512))).toBeLessThan(0.5);
  });

  it('go on from where the content is when following begins in the middle of a pan', () => {
    const follower = new GeometryFollower({ reference: view, target: view }, grid);
    const times = [0, 1, 2, 3].map((t) => 40_000 * t);
    for (const [t, timeUs] of times.entries())
      for (const side of [0, 1] as const) follower.see(side, seen(8 * t), timeUs);
    follower.rebase(geometry(500, 1), [0, 0], 4);
    const still = rigidMesh(grid, view)[MIDDLE]!;
    // Until now every pair was drawn with the views in their place.
    expect(Math.abs(follower.at([80_000, 80_000])!.reference[MIDDLE]! - still)).toBeLessThan(0.5);
    // Content goes on more slowly first: the views follow it.
    const next = follower.at([120_000, 120_000])!.reference[MIDDLE]! - still;
    expect(next).toBeGreaterThan(1);
    expect(next).toBeLessThan(8.5);
  });

  it('cannot be carried on from or to a pair that was not seen', () => {
    const follower = new GeometryFollower({ reference: view, target: view }, grid);
    follower.see(0, seen(0), 5);
    follower.see(1, seen(0), 5);
    expect(follower.rebase(geometry(500, 1), [4, 4], 4)).toBe(false);
    expect(follower.at([5, 5])).toBeUndefined();
    expect(follower.rebase(geometry(500, 2), [5, 5], 4)).toBe(true);
    expect(follower.at([6, 6])).toBeUndefined();
    expect(follower.at([5, 5])?.version).toBe(2);
  });
});
