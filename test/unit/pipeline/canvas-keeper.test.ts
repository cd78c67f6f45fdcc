import { describe, expect, it } from 'vitest';
import { SteppedClock } from '../../../src/common/clock.ts';
import type { Mesh, PlaneGeometry } from '../../../src/contract/warp-state.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';
import { CanvasKeeper } from '../../../src/pipeline/canvas-keeper.ts';

const view = { widthPx: 1280, heightPx: 720 };
const grid = { rows: 9, cols: 12 };

/** A target view `shiftX` px to the right of the reference, both moved by `allX` px. */
function planeAt(shiftX: number, allX = 0): PlaneGeometry {
  const place = (dx: number): Mesh => rigidMesh(grid, view).map((value, at) => value + (at % 2 === 0 ? dx : 0));
  const reference = place(allX);
  const target = place(allX + shiftX);
  return { grid, reference, target, rawReference: reference, rawTarget: target, confidence: 0.9, overlap: 0.4 };
}

function keeper(clock = new SteppedClock()): CanvasKeeper {
  return new CanvasKeeper({ reference: view, target: view }, { maxWidthPx: 2560, fill: 'black' }, clock);
}

describe('CanvasKeeper', () => {
  it('keeps the size of the first geometry for a wider one', () => {
    const canvas = keeper();
    const first = canvas.network(planeAt(700)).geometry;

    const later = canvas.network(planeAt(900)).geometry;

    expect(later.canvas).toEqual(first.canvas);
    expect(first.canvas.widthPx % 16).toBe(0);
    expect(later.version).toBe(first.version + 1);
  });

  it('fits a geometry that follows side by side into the same size', () => {
    const canvas = keeper();
    const before = canvas.sideBySide();

    const placed = canvas.network(planeAt(700));

    expect(placed.isReplanned).toBe(true);
    expect(placed.geometry.canvas).toEqual(before.canvas);
    const xs = [...placed.geometry.reference, ...placed.geometry.target].filter((_, at) => at % 2 === 0);
    expect(Math.min(...xs)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...xs)).toBeLessThanOrEqual(before.canvas.widthPx);
  });

  it('plans anew only when a geometry has left the canvas for more than five seconds', () => {
    const clock = new SteppedClock();
    const canvas = keeper(clock);
    canvas.network(planeAt(700));
    const replanned: boolean[] = [];

    for (let second = 0; second < 8; second += 1) {
      replanned.push(canvas.network(planeAt(700, 400)).isReplanned);
      clock.advance(1_000_000);
    }

    expect(replanned).toEqual([false, false, false, false, false, false, true, false]);
  });

  it('does not plan anew for a camera that swings out and back', () => {
    const clock = new SteppedClock();
    const canvas = keeper(clock);
    canvas.network(planeAt(700));

    const replanned = [400, 400, 0, 400, 400, 400, 400].map((allX) => {
      clock.advance(1_500_000);
      return canvas.network(planeAt(700, allX)).isReplanned;
    });

    expect(replanned).not.toContain(true);
  });
});
