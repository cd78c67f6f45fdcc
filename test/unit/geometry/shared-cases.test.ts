import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { Size } from '../../../src/contract/pixels.ts';
import type { MeshGrid } from '../../../src/contract/warp-state.ts';
import { cornerOffsets, pixelHomography } from '../../../src/geometry/homography.ts';
import { sampleField } from '../../../src/geometry/mesh-field.ts';
import { splitHomography } from '../../../src/geometry/mid-plane.ts';
import { fitThinPlateSpline } from '../../../src/geometry/thin-plate-spline.ts';

/** Cases that `python3 -m seamline_train golden` wrote: the training package's geometry, computed on its own. */
function cases<T>(name: string): T[] {
  return JSON.parse(readFileSync(new URL(`../../golden/geometry/${name}.json`, import.meta.url), 'utf8')) as T[];
}

/** Largest difference of two lists of equal length. */
function largestDifference(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return expected.reduce((largest, value, index) => Math.max(largest, Math.abs(value - actual[index]!)), 0);
}

describe('geometry shared with the training package', () => {
  it('moves corners as the training package does', () => {
    for (const c of cases<{ size: Size; homography: number[]; cornerOffsets: number[] }>('corner-motion')) {
      const offsets = cornerOffsets(Float64Array.from(c.homography), c.size);
      expect(largestDifference(offsets, c.cornerOffsets)).toBeLessThan(1e-8);
    }
  });

  it('halves homographies about the same middle plane', () => {
    interface Case {
      readonly size: Size;
      readonly targetFromReference: number[];
      readonly referenceFromPlane: number[];
      readonly targetFromPlane: number[];
    }
    for (const c of cases<Case>('mid-plane')) {
      const split = splitHomography(Float64Array.from(c.targetFromReference), c.size, c.size);
      for (const side of ['referenceFromPlane', 'targetFromPlane'] as const) {
        const h = split[side].map((value) => value / split[side][8]!);
        expect(largestDifference(h, c[side])).toBeLessThan(1e-8);
      }
    }
  });

  it('reads the networks’ normalised frame the same way', () => {
    interface Case {
      readonly network: Size;
      readonly reference: Size;
      readonly target: Size;
      readonly normalised: number[];
      readonly targetFromReference: number[];
    }
    for (const c of cases<Case>('normalised-frame')) {
      const h = pixelHomography(Float64Array.from(c.normalised), c.reference, c.target, c.network);
      expect(largestDifference(h, c.targetFromReference)).toBeLessThan(1e-8);
    }
  });

  it('interpolates between control points as the mesh was fitted', () => {
    interface Case {
      readonly grid: MeshGrid;
      readonly view: Size;
      readonly field: number[];
      readonly points: number[];
      readonly values: number[];
    }
    for (const c of cases<Case>('mesh-field')) {
      const field = Float64Array.from(c.field);
      const values: number[] = [];
      for (let at = 0; at < c.points.length; at += 2) {
        values.push(...sampleField(field, c.grid, c.view, c.points[at]!, c.points[at + 1]!));
      }
      expect(largestDifference(values, c.values)).toBeLessThan(1e-9);
    }
  });

  it('evaluates thin-plate splines to the same positions', () => {
    interface Case {
      readonly canvas: Size;
      readonly from: number[];
      readonly to: number[];
      readonly points: number[];
      readonly values: number[];
    }
    for (const c of cases<Case>('thin-plate-spline')) {
      const spline = fitThinPlateSpline(Float64Array.from(c.from), Float64Array.from(c.to), c.canvas);
      expect(largestDifference(spline.mapAll(Float64Array.from(c.points)), c.values)).toBeLessThan(1e-5);
    }
  });
});
