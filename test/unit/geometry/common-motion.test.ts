import { describe, expect, it } from 'vitest';

import { commonMotion } from '../../../src/geometry/common-motion.ts';
import { apply, applyAll, invert, type Homography } from '../../../src/geometry/homography.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';

const view = { widthPx: 1280, heightPx: 720 };
const grid = { rows: 9, cols: 12 };
const shift = (dx: number, dy: number): Homography => Float64Array.from([1, 0, dx, 0, 1, dy, 0, 0, 1]);
const before = { reference: rigidMesh(grid, view), target: applyAll(shift(700, 20), rigidMesh(grid, view)) };
const after = (reference: Homography, target: Homography): typeof before => ({
  reference: applyAll(reference, before.reference),
  target: applyAll(target, before.target),
});

describe('what two cameras do in common', () => {
  it('is all of it on one mount, and small differences are errors of the measurement', () => {
    const turn = Float64Array.from([1.001, -0.004, 40, 0.004, 1.001, -9, 2e-6, 0, 1]);
    const exact = commonMotion(before, after(turn, turn));
    expect(exact.ownShare).toBe(0);
    const [x, y] = apply(exact.back, ...apply(turn, 300, 500));
    expect(Math.hypot(x - 300, y - 500)).toBeLessThan(0.01);
    expect(commonMotion(before, after(shift(40, 0), shift(41, 1))).ownShare).toBe(0);
  });

  it('is only a part of it when each camera shakes by itself', () => {
    const apart = commonMotion(before, after(shift(6, -3), shift(-2, 5)));
    expect(apart.ownShare).toBe(1);
    expect(commonMotion(before, after(shift(0, 0), shift(0, 6))).ownShare).toBeGreaterThan(0.5);
  });

  it('is nothing for cameras at rest', () => {
    const { back, ownShare } = commonMotion(before, before);
    expect(ownShare).toBe(0);
    expect(Math.hypot(...[back[2]!, back[5]!])).toBeLessThan(1e-4);
    expect(invert(back)[0]).toBeCloseTo(1, 6);
  });
});
