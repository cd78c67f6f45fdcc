import { describe, expect, it } from 'vitest';

import { SeamlineError } from '../../../src/common/seamline-error.ts';
import type { ManualGeometry } from '../../../src/contract/warp-state.ts';
import { planCanvas, toCanvas, type CanvasOptions } from '../../../src/geometry/canvas.ts';
import { manualFault, manualGeometry, toManualGeometry } from '../../../src/geometry/manual-geometry.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';

const view = { widthPx: 640, heightPx: 480 };
const views = { reference: view, target: view };
const grid = { rows: 9, cols: 12 };
const options: CanvasOptions = { maxWidthPx: 2560, fill: 'black', marginShare: 0 };

const saved = (() => {
  const reference = rigidMesh(grid, view);
  const target = reference.map((value, index) => value + (index % 2 === 0 ? 400 : 0));
  const plane = { grid, reference, target, rawReference: reference, rawTarget: target, confidence: 1, overlap: 0.3 };
  return toCanvas(plane, planCanvas([plane], options), views, 1, 'network');
})();

function problemOf(action: () => unknown): SeamlineError {
  try {
    action();
  } catch (error) {
    if (error instanceof SeamlineError) return error;
  }
  throw new Error('nothing was refused');
}

describe('manual geometry', () => {
  it('gives a saved geometry back unchanged on a canvas of the same size', () => {
    const again = manualGeometry(toManualGeometry(saved), views, grid, options, 2);
    expect(again.canvas).toEqual(saved.canvas);
    expect(again.origin).toBe('manual');
    for (const [index, value] of again.target.entries()) expect(value).toBeCloseTo(saved.target[index]!, 2);
  });

  it('scales a saved geometry into a canvas of another size', () => {
    const { widthPx, heightPx } = saved.canvas;
    const larger = { ...options, outputWidthPx: widthPx * 2, outputHeightPx: heightPx * 2 + 160 };
    const again = manualGeometry(toManualGeometry(saved), views, grid, larger, 2);
    for (const [index, value] of again.reference.entries()) {
      expect(value).toBeCloseTo(saved.reference[index]! * 2 + (index % 2 === 0 ? 0 : 80), 2);
    }
  });

  it('takes a homography of views of another size, reference from target', () => {
    const geometry = manualGeometry(
      { kind: 'homography', homography: [1, 0, 800, 0, 1, 0, 0, 0, 1], view_width: 1280, view_height: 960 },
      views,
      grid,
      options,
      1,
    );
    for (const [index, value] of geometry.target.entries()) {
      expect(value - geometry.reference[index]!).toBeCloseTo(index % 2 === 0 ? 400 : 0, 6);
    }
    expect(geometry.overlap).toBeCloseTo(240 / 640, 1);
  });

  it.each([
    ['geometry.homography', { kind: 'homography', homography: [1, 2], view_width: 640, view_height: 480 }],
    [
      'geometry.homography',
      { kind: 'homography', homography: [1, 0, 0, 0, 1, 0, -0.01, 0, 1], view_width: 640, view_height: 480 },
    ],
    [
      'geometry.target',
      {
        kind: 'meshes',
        width: 10,
        height: 10,
        reference: [
          [
            [0, 0],
            [5, 0],
          ],
          [
            [0, 5],
            [5, 5],
          ],
        ],
        target: [[[0, 0]]],
      },
    ],
    ['geometry.reference', { kind: 'meshes', width: 10, height: 10, reference: [], target: [] }],
    [
      'geometry',
      {
        ...toManualGeometry(saved),
        target: (toManualGeometry(saved) as unknown as { target: number[][][] }).target.toReversed(),
      },
    ],
  ])('names %s when it cannot be used', (field, manual) => {
    const problem = problemOf(() => manualGeometry(manual as never, views, grid, options, 1));
    expect(problem.type).toBe('invalid-request');
    expect(problem.errors?.[0]?.field).toBe(field);
  });

  it('has faults that can be told without the views', () => {
    const { target, ...rest } = toManualGeometry(saved) as Extract<ManualGeometry, { kind: 'meshes' }>;
    const homography = [1, 0, 0, 0, 1, 0, 0.01, 0, 1];

    expect(manualFault({ ...rest, target: target.toReversed() })).toContain('folds');
    expect(manualFault({ ...rest, target: [[[NaN, 0]]] })).toContain('points');
    expect(manualFault({ kind: 'homography', homography, view_width: 640, view_height: 480 })).toContain('away');
  });

  it('has no fault that can be told without the views when it only stretches them too far', () => {
    const { reference, ...rest } = toManualGeometry(saved) as Extract<ManualGeometry, { kind: 'meshes' }>;
    const wide = { ...rest, reference: reference.map((row) => row.map(([x, y]) => [4 * x, y] as const)) };

    expect(manualFault(toManualGeometry(saved))).toBeUndefined();
    expect(manualFault(wide)).toBeUndefined();
    expect(problemOf(() => manualGeometry(wide, views, grid, options, 1)).message).toContain('threefold');
  });
});
