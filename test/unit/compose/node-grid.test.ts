import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileKernels } from '../../../src/compose/kernel-module.ts';
import { fitView, NODE_SCRATCH_BYTES, writeNodes } from '../../../src/compose/node-grid.ts';
import { SharedMemoryPlan } from '../../../src/contract/memory-plan.ts';
import type { Size } from '../../../src/contract/pixels.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';
import type { ThinPlateSpline } from '../../../src/geometry/thin-plate-spline.ts';
import { loadKernels } from '../../../src/kernels/index.ts';
import { nodeGrid } from '../../../src/kernels/strip-layout.ts';
import { seeded } from './strip-stage.ts';

const grid = { rows: 6, cols: 8 };
const kernels = await compileKernels();

function nodesOf(spline: ThinPlateSpline, canvas: Size): Int32Array {
  const plan = new SharedMemoryPlan();
  const { nodeBytes, columns, rows } = nodeGrid(canvas);
  const scratch = plan.allocate(NODE_SCRATCH_BYTES);
  const out = plan.allocate(nodeBytes);
  writeNodes(spline, canvas, loadKernels(kernels, plan.memory), scratch, out);
  return new Int32Array(plan.memory.buffer, out, columns * rows * 2);
}

/** The rigid mesh of a view, scaled, moved and shaken, as control points on a canvas. */
function meshOn(view: Size, scale: number, shiftX: number, shiftY: number, shake: () => number): Float64Array {
  return rigidMesh(grid, view).map((value, index) => value * scale + (index % 2 === 0 ? shiftX : shiftY) + shake());
}

describe('writeNodes', () => {
  it('turns continuous coordinates into integer-centre ones at the nodes', () => {
    const view = { widthPx: 320, heightPx: 192 };
    const canvas = { widthPx: 640, heightPx: 384 };
    const spline = fitView(
      meshOn(view, 2, 0, 0, () => 0),
      grid,
      view,
      canvas,
    );

    const nodes = nodesOf(spline, canvas);

    // Canvas pixel 16 has its centre at 16.5; half as far is 8.25 in the view, which is 7.75 from the first centre.
    expect(nodes[0]! / 65_536).toBeCloseTo(-0.25, 3);
    expect(nodes[2]! / 65_536).toBeCloseTo(7.75, 3);
    expect(nodes[41 * 2 + 1]! / 65_536).toBeCloseTo(7.75, 3);
  });

  it('is within 0.01 px of the spline in double precision at every node near the view', () => {
    const views = fc.constantFrom({ widthPx: 1280, heightPx: 720 }, { widthPx: 960, heightPx: 540 });
    fc.assert(
      fc.property(views, fc.integer(), (view, seed) => {
        const random = seeded(seed);
        const canvas = { widthPx: 2048, heightPx: 768 };
        const mesh = meshOn(view, 0.8 + 0.4 * random(), random() * 700, random() * 60 - 30, () => 16 * random() - 8);
        const spline = fitView(mesh, grid, view, canvas);

        const nodes = nodesOf(spline, canvas);

        let worst = 0;
        for (let node = 0; node < nodes.length / 2; node += 1) {
          const [x, y] = spline.map((node % 129) * 16 + 0.5, Math.floor(node / 129) * 16 + 0.5);
          if (x < -100 || y < -100 || x > view.widthPx + 100 || y > view.heightPx + 100) continue;
          worst = Math.max(worst, Math.abs(nodes[node * 2]! / 65_536 + 0.5 - x));
          worst = Math.max(worst, Math.abs(nodes[node * 2 + 1]! / 65_536 + 0.5 - y));
        }
        expect(worst).toBeLessThan(0.01);
      }),
      { numRuns: 10 },
    );
  });

  it('keeps 99 % of the pixels between the nodes within 0.05 px of the spline for a smooth warp', () => {
    const view = { widthPx: 1280, heightPx: 720 };
    const canvas = { widthPx: 2048, heightPx: 768 };
    // A 20 px parallax bump in the middle of the view, the hardest smooth field of compose.md, section 5.
    const mesh = rigidMesh(grid, view);
    for (let index = 0; index < mesh.length; index += 2) {
      const [x, y] = [mesh[index]!, mesh[index + 1]!];
      mesh[index] = x + 60 + 20 * Math.exp(-(((x - 640) / 320) ** 2) - ((y - 360) / 240) ** 2);
      mesh[index + 1] = y + 20;
    }
    const spline = fitView(mesh, grid, view, canvas);

    const nodes = nodesOf(spline, canvas);

    const random = seeded(7);
    const errors: number[] = [];
    for (let round = 0; round < 4000; round += 1) {
      const [x, y] = [80 + random() * 1230, 30 + random() * 690];
      const [i, j] = [Math.floor(x / 16), Math.floor(y / 16)];
      const [fx, fy] = [x / 16 - i, y / 16 - j];
      for (const axis of [0, 1] as const) {
        const at = (column: number, row: number) => nodes[((j + row) * 129 + i + column) * 2 + axis]! / 65_536;
        const value = (at(0, 0) * (1 - fx) + at(1, 0) * fx) * (1 - fy) + (at(0, 1) * (1 - fx) + at(1, 1) * fx) * fy;
        errors.push(Math.abs(value + 0.5 - spline.map(x + 0.5, y + 0.5)[axis]));
      }
    }
    errors.sort((a, b) => a - b);
    expect(errors[Math.floor(errors.length * 0.99)]).toBeLessThan(0.05);
    expect(errors.at(-1)).toBeLessThan(0.1);
  });

  it('keeps far nodes within the fixed point', () => {
    const view = { widthPx: 64, heightPx: 48 };
    const canvas = { widthPx: 2560, heightPx: 1440 };
    const spline = fitView(
      meshOn(view, 0.1, 1200, 700, () => 0),
      grid,
      view,
      canvas,
    );

    const nodes = nodesOf(spline, canvas);

    expect(Math.max(...nodes.map(Math.abs))).toBe(8191 * 65_536);
  });

  it('says so when the control points fall together', () => {
    const view = { widthPx: 64, heightPx: 48 };
    const flat = new Float64Array(2 * 63);

    expect(() => fitView(flat, grid, view, { widthPx: 64, heightPx: 48 })).toThrow(RangeError);
  });
});
