import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { apply, homographyFromCorners, scaleShift, viewCorners } from '../../../src/geometry/homography.ts';
import { midPlaneMeshes, overlapShare, splitHomography } from '../../../src/geometry/mid-plane.ts';
import { pointCount, rigidMesh } from '../../../src/geometry/rigid-mesh.ts';
import { fitThinPlateSpline } from '../../../src/geometry/thin-plate-spline.ts';

const view = { widthPx: 480, heightPx: 360 };
const grid = { rows: 9, cols: 12 };
const still = new Float64Array(pointCount(grid) * 2);
const smallOffsets = fc.array(fc.double({ min: -40, max: 40, noNaN: true }), { minLength: 8, maxLength: 8 });
const directions = [
  ['right of', 250, 5],
  ['left of', -250, -5],
  ['below', 8, 190],
  ['above', -8, -190],
] as const;

/** Target ← reference when the target lies `dx`, `dy` away, with bent corners. */
function homography(dx: number, dy: number, bend: readonly number[]): Float64Array {
  const corners = viewCorners(view);
  return homographyFromCorners(
    corners,
    corners.map((value, index) => value - (index % 2 === 0 ? dx : dy) + bend[index]!),
  );
}

describe('virtual middle plane', () => {
  it('halves the corner offsets exactly', () => {
    fc.assert(
      fc.property(smallOffsets, (bend) => {
        const h = homography(200, 0, bend);
        const split = splitHomography(h, view, view);
        const corners = viewCorners(view);
        for (let index = 0; index < 8; index += 2) {
          const [x, y] = [corners[index]!, corners[index + 1]!];
          const [u, v] = apply(split.targetFromPlane, x, y);
          const [hx, hy] = apply(h, x, y);
          expect(Math.hypot(u - (x + hx) / 2, v - (y + hy) / 2)).toBeLessThan(1e-6);
        }
      }),
    );
  });

  it('draws a point of the reference where it draws the same point of the target', () => {
    fc.assert(
      fc.property(smallOffsets, (bend) => {
        const h = homography(200, 10, bend);
        const split = splitHomography(h, view, view);
        const m: [number, number] = [330, 120];
        const inTarget = apply(split.targetFromPlane, ...m);
        const inReference = apply(split.referenceFromPlane, ...m);
        const [x, y] = apply(h, ...inReference);
        expect(Math.hypot(x - inTarget[0], y - inTarget[1])).toBeLessThan(1e-6);
      }),
    );
  });

  it.each(directions)('shares a pure shift when the target lies %s the reference', (_where, dx, dy) => {
    const targetFromReference = scaleShift(1, 1, -dx, -dy);
    const meshes = midPlaneMeshes({ targetFromReference, residual: still, grid, reference: view, target: view });
    const rigid = rigidMesh(grid, view);
    for (const [index, value] of rigid.entries()) {
      const half = (index % 2 === 0 ? dx : dy) / 2;
      expect(meshes.reference[index]).toBeCloseTo(value - half, 6);
      expect(meshes.target[index]).toBeCloseTo(value + half, 6);
    }
  });

  it.each(directions)(
    'keeps the views together through residual and splines, target %s the reference',
    (_w, dx, dy) => {
      const bend = [6, -4, -8, 5, 3, 7, -5, -6];
      const targetFromReference = homography(dx, dy, bend);
      const residual = rigidMesh(grid, view).map((value, index) => 4 * Math.sin(value / 90 + (index % 2)));
      const alignment = { targetFromReference, residual, grid, reference: view, target: view };
      const meshes = midPlaneMeshes(alignment);
      const rigid = rigidMesh(grid, view);
      const plane = { widthPx: 800, heightPx: 600 };
      const toPlane = fitThinPlateSpline(rigid, meshes.reference, view);
      const toTarget = fitThinPlateSpline(meshes.target, rigid, plane);
      let count = 0;
      for (let index = 0; index < rigid.length; index += 2) {
        const [x, y] = [rigid[index]!, rigid[index + 1]!];
        const wanted = apply(targetFromReference, x + residual[index]!, y + residual[index + 1]!);
        if (wanted[0] < 10 || wanted[0] > 470 || wanted[1] < 10 || wanted[1] > 350) continue;
        count += 1;
        const reached = toTarget.map(...toPlane.map(x, y));
        expect(Math.hypot(reached[0] - wanted[0], reached[1] - wanted[1])).toBeLessThan(0.25);
      }
      expect(count).toBeGreaterThan(30);
    },
  );

  it('does not halve a difference of working sizes', () => {
    const target = { widthPx: 240, heightPx: 180 };
    const meshes = midPlaneMeshes({
      targetFromReference: scaleShift(0.5, 0.5, 0, 0),
      residual: still,
      grid,
      reference: view,
      target,
    });
    const rigid = rigidMesh(grid, view);
    for (const [index, value] of rigid.entries()) {
      expect(meshes.reference[index]).toBeCloseTo(value, 6);
      expect(meshes.target[index]).toBeCloseTo(value, 6);
    }
  });

  it('lets the residual fade to nothing away from the overlap', () => {
    const residual = still.map((_value, index) => (index % 2 === 0 ? 6 : 0));
    const targetFromReference = scaleShift(1, 1, -300, 0);
    const bent = midPlaneMeshes({ targetFromReference, residual, grid, reference: view, target: view });
    const plain = midPlaneMeshes({ targetFromReference, residual: still, grid, reference: view, target: view });
    const last = grid.cols * 2;
    expect(bent.reference[0]! - plain.reference[0]!).toBe(0);
    expect(bent.reference[last]! - plain.reference[last]!).toBeCloseTo(3, 6);
    expect(bent.target[0]! - plain.target[0]!).toBeCloseTo(-3, 6);
    expect(bent.target[last]! - plain.target[last]!).toBe(0);
  });

  it('counts the overlap as a share of the reference', () => {
    for (const [dx, share] of [
      [0, 1],
      [240, 0.5],
      [-360, 0.25],
      [500, 0],
    ] as const) {
      const alignment = {
        targetFromReference: scaleShift(1, 1, -dx, 0),
        residual: still,
        grid,
        reference: view,
        target: view,
      };
      expect(overlapShare(alignment)).toBeCloseTo(share, 1);
    }
  });

  it('refuses a homography that puts a corner behind the horizon', () => {
    const h = Float64Array.from([1, 0, 0, 0, 1, 0, -1 / 300, 0, 1]);
    expect(() => splitHomography(h, view, view)).toThrow(/horizon/);
  });
});
