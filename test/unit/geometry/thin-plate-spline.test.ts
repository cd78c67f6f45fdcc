import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';
import { fitThinPlateSpline, ThinPlateSplineFitter } from '../../../src/geometry/thin-plate-spline.ts';

const grid = { rows: 6, cols: 8 };
const plane = { widthPx: 480, heightPx: 360 };
const jitter = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 126, maxLength: 126 });

const moved = (offsets: readonly number[]): Float64Array =>
  rigidMesh(grid, plane).map((value, index) => value + (offsets[index] ?? 0));

describe('thin-plate spline', () => {
  it('takes every control point to its target', () => {
    fc.assert(
      fc.property(jitter, jitter, (from, to) => {
        const targets = moved(to);
        const spline = fitThinPlateSpline(moved(from), targets, plane);
        const reached = spline.mapAll(moved(from));
        for (const [index, value] of reached.entries()) expect(Math.abs(value - targets[index]!)).toBeLessThan(1e-6);
      }),
      { numRuns: 20 },
    );
  });

  it('reproduces an affine map everywhere, also outside the control points', () => {
    fc.assert(
      fc.property(jitter, fc.double({ min: -500, max: 1000, noNaN: true }), (from, at) => {
        const apply = (x: number, y: number): [number, number] => [1.1 * x - 0.3 * y + 7, 0.2 * x + 0.9 * y - 4];
        const mesh = moved(from);
        const targets = new Float64Array(mesh.length);
        for (let index = 0; index < mesh.length; index += 2) targets.set(apply(mesh[index]!, mesh[index + 1]!), index);
        const [x, y] = fitThinPlateSpline(mesh, targets, plane).map(at, 333 - at);
        const [u, v] = apply(at, 333 - at);
        expect(Math.hypot(x - u, y - v)).toBeLessThan(1e-5);
      }),
      { numRuns: 20 },
    );
  });

  it('uses the kernel r² ln(r² + 1e-6) of coordinates normalised over the plane', () => {
    const mesh = Float64Array.from([0, 0, 100, 0, 0, 50, 100, 50]);
    const targets = Float64Array.from([0, 0, 1, 0, 0, 1, 3, 5]);
    const spline = fitThinPlateSpline(mesh, targets, { widthPx: 100, heightPx: 50 });
    // Corners of the square −1 … 1: U(4) = 4 ln 4 beside, U(8) = 8 ln 8 across; the bending weights are ±w, and
    // 4 w (U(8) − 2 U(4)) is the part of the targets that no affine map explains: (0 + 3 − 1 − 0) and (0 + 5 − 0 − 1).
    const bend = 4 * (8 * Math.log(8 + 1e-6) - 2 * 4 * Math.log(4 + 1e-6));
    expect(spline.weights[0]).toBeCloseTo(2 / bend, 10);
    expect(spline.weights[1]).toBeCloseTo(4 / bend, 10);
    expect(spline.weights[2]).toBeCloseTo(-2 / bend, 10);
  });

  it('gives the same spline from a shared factorisation', () => {
    const fitter = new ThinPlateSplineFitter(rigidMesh(grid, plane), plane);
    const targets = moved(Array.from({ length: 126 }, (_, index) => Math.sin(index) * 9));
    expect(fitter.fit(targets).map(123.4, 56.7)).toEqual(
      fitThinPlateSpline(rigidMesh(grid, plane), targets, plane).map(123.4, 56.7),
    );
  });

  it('refuses control points that fall together', () => {
    const mesh = rigidMesh(grid, plane);
    mesh.copyWithin(2, 0, 2);
    expect(() => new ThinPlateSplineFitter(mesh, plane)).toThrow(RangeError);
  });
});
