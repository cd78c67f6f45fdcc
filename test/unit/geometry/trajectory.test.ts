import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CanvasField } from '../../../src/geometry/canvas-field.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';
import { Trajectory } from '../../../src/geometry/trajectory.ts';

const view = { widthPx: 480, heightPx: 360 };
const grid = { rows: 9, cols: 12 };

describe('trajectory', () => {
  it('leaves the mesh where it was when the camera did not move', () => {
    const mesh = rigidMesh(grid, view).map((value, index) => value * 1.1 + 30 * Math.sin(index));
    const moved = new Trajectory(grid, view).transport(mesh, new Float64Array(mesh.length));
    for (const [index, value] of moved.entries()) expect(value).toBeCloseTo(mesh[index]!, 6);
  });

  it('draws the content of a shifted view where it was drawn before', () => {
    const [dx, dy] = [7, -4];
    const mesh = rigidMesh(grid, view).map((value, index) => 0.9 * value + (index % 2 === 0 ? 100 : 50));
    const motion = mesh.map((_value, index) => (index % 2 === 0 ? dx : dy));
    const moved = new Trajectory(grid, view).transport(mesh, motion);
    for (const [index, value] of moved.entries()) {
      expect(value).toBeCloseTo(mesh[index]! + 0.9 * (index % 2 === 0 ? dx : dy), 6);
    }
  });
});

describe('field of corrections over the panorama', () => {
  const points = Float64Array.from({ length: 400 }, (_, index) => (index * 7919) % (index % 2 === 0 ? 800 : 400));

  it('gives a common shift to every point', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -20, max: 20, noNaN: true }),
        fc.double({ min: -20, max: 20, noNaN: true }),
        (dx, dy) => {
          const field = new CanvasField(
            points,
            points.map((_value, index) => (index % 2 === 0 ? dx : dy)),
          );
          const [x, y] = field.at(391, 123);
          expect(Math.hypot(x - dx, y - dy)).toBeLessThan(0.01);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('moves two views that share a place by the same amount even when they ask for different ones', () => {
    const wanted = points.map((_value, index) => (Math.floor(index / 2) % 2 === 0 ? 3 : -1));
    const field = new CanvasField(points, wanted);
    const moved = field.move(Float64Array.from([400, 200, 400, 200]));
    expect(moved[0]).toBe(moved[2]);
    expect(moved[0]! - 400).toBeGreaterThan(0);
    expect(moved[0]! - 400).toBeLessThan(2);
  });
});
