import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { PlaneGeometry } from '../../../src/contract/warp-state.ts';
import { fitsCanvas, planCanvas, toCanvas, type CanvasOptions } from '../../../src/geometry/canvas.ts';
import { largestCoveredRectangle } from '../../../src/geometry/covered-rectangle.ts';
import { boundsOf } from '../../../src/geometry/mesh-sanity.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';
import { sideBySide } from '../../../src/geometry/side-by-side.ts';

const view = { widthPx: 1280, heightPx: 720 };
const views = { reference: view, target: view };
const grid = { rows: 9, cols: 12 };
const options: CanvasOptions = { maxWidthPx: 2560, fill: 'black', marginShare: 0.02 };

function shifted(dx: number, dy: number): PlaneGeometry {
  const reference = rigidMesh(grid, view);
  const target = reference.map((value, index) => value + (index % 2 === 0 ? dx : dy));
  return { grid, reference, target, rawReference: reference, rawTarget: target, confidence: 1, overlap: 0.5 };
}

const shift = fc.tuple(fc.integer({ min: -1500, max: 1500 }), fc.integer({ min: -900, max: 900 }));

describe('canvas', () => {
  it('holds every control point of every geometry, wherever the target lies', () => {
    fc.assert(
      fc.property(
        fc.array(shift, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(0, 0.02, 0.1),
        (shifts, marginShare) => {
          const planes = shifts.map(([dx, dy]) => shifted(dx, dy));
          const plan = planCanvas(planes, { ...options, marginShare });
          for (const plane of planes) expect(fitsCanvas(plane, plan, 1e-6)).toBe(true);
          expect(plan.size.widthPx % 16).toBe(0);
          expect(plan.size.heightPx % 16).toBe(0);
          expect(Math.max(plan.size.widthPx, plan.size.heightPx)).toBeLessThanOrEqual(2560);
          expect(plan.scale).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('keeps the scale of the reference while the picture is within the limit', () => {
    const plan = planCanvas([shifted(700, 0)], { ...options, marginShare: 0 });
    expect(plan).toEqual({ size: { widthPx: 1984, heightPx: 720 }, scale: 1, offsetXPx: 2, offsetYPx: 0 });
  });

  it('shows the whole picture inside the asked sides and rounds them to whole cells', () => {
    fc.assert(
      fc.property(shift, fc.integer({ min: 160, max: 4000 }), fc.integer({ min: 160, max: 3000 }), ([dx, dy], w, h) => {
        const plan = planCanvas([shifted(dx, dy)], { ...options, outputWidthPx: w, outputHeightPx: h });
        expect(plan.size).toEqual({ widthPx: Math.floor(w / 16) * 16, heightPx: Math.floor(h / 16) * 16 });
        expect(fitsCanvas(shifted(dx, dy), plan, 1e-6)).toBe(true);
      }),
    );
  });

  it('lets one asked side decide the other by the proportions of the picture', () => {
    const plan = planCanvas([shifted(1280, 0)], { ...options, marginShare: 0, outputWidthPx: 1280 });
    expect(plan.size).toEqual({ widthPx: 1280, heightPx: 352 });
    expect(planCanvas([shifted(1280, 0)], { ...options, marginShare: 0, outputHeightPx: 360 }).size.widthPx).toBe(1280);
  });

  it('cuts to a rectangle without border when asked to crop', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: -500, max: 500 }), (dx, dy) => {
        const plan = planCanvas([shifted(dx, dy)], { ...options, fill: 'crop' });
        const { widthPx, heightPx } = plan.size;
        const covered = (x: number, y: number): boolean => {
          const [px, py] = [(x - plan.offsetXPx) / plan.scale, (y - plan.offsetYPx) / plan.scale];
          const inside = (ox: number, oy: number): boolean => px >= ox && px <= ox + 1280 && py >= oy && py <= oy + 720;
          return inside(0, 0) || inside(dx, dy);
        };
        for (let x = 0; x <= widthPx; x += 16) for (const y of [0, heightPx]) expect(covered(x, y)).toBe(true);
        for (let y = 0; y <= heightPx; y += 16) for (const x of [0, widthPx]) expect(covered(x, y)).toBe(true);
      }),
    );
  });

  it('finds nearly the whole of what a plain shift leaves covered', () => {
    const area = largestCoveredRectangle([shifted(640, 60)])!;
    expect((area.right - area.left) / 1920).toBeGreaterThan(0.97);
    expect((area.bottom - area.top) / 660).toBeGreaterThan(0.95);
  });

  it('puts the meshes where the plan says', () => {
    const plan = planCanvas([shifted(700, 40)], options);
    const canvas = toCanvas(shifted(700, 40), plan, views, 7, 'network');
    expect(canvas.version).toBe(7);
    expect(canvas.target[0]).toBeCloseTo(700 * plan.scale + plan.offsetXPx, 9);
    expect(canvas.target[1]).toBeCloseTo(40 * plan.scale + plan.offsetYPx, 9);
  });
});

describe('side by side', () => {
  it('shows both views whole, the target right of the reference, at one height', () => {
    const canvas = sideBySide({ reference: view, target: { widthPx: 640, heightPx: 480 } }, { maxWidthPx: 2560 }, 0);
    const [left, right] = [boundsOf([canvas.reference]), boundsOf([canvas.target])];
    expect(right.left).toBeCloseTo(left.right, 6);
    expect(right.bottom - right.top).toBeCloseTo(left.bottom - left.top, 6);
    expect(left.left).toBeGreaterThanOrEqual(0);
    expect(right.right).toBeLessThanOrEqual(canvas.canvas.widthPx);
    expect(canvas.origin).toBe('side-by-side');
  });

  it('fits into a canvas that exists already', () => {
    const canvas = sideBySide(views, { maxWidthPx: 2560, outputWidthPx: 1600, outputHeightPx: 768 }, 3);
    expect(canvas.canvas).toEqual({ widthPx: 1600, heightPx: 768 });
    const bounds = boundsOf([canvas.reference, canvas.target]);
    expect(bounds.left).toBeGreaterThanOrEqual(-1e-9);
    expect(bounds.right).toBeLessThanOrEqual(1600 + 1e-9);
    expect(bounds.top).toBeGreaterThanOrEqual(0);
  });
});
