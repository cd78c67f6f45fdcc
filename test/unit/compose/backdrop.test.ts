import { describe, expect, it } from 'vitest';
import { Backdrop } from '../../../src/compose/backdrop.ts';
import { SharedMemoryPlan } from '../../../src/contract/memory-plan.ts';
import { i420Bytes } from '../../../src/contract/pixels.ts';
import { backdropPlaneBytes, nodeGrid } from '../../../src/kernels/strip-layout.ts';

const canvas = { widthPx: 320, heightPx: 160 };
const grid = nodeGrid(canvas);

/** A backdrop whose right half is open, and a picture of one colour. */
function halfOpen() {
  const memory = new SharedMemoryPlan();
  const backdrop = new Backdrop(memory, canvas);
  const isOpen = new Uint8Array(grid.cellColumns * grid.cellRows).map((_, cell) =>
    cell % grid.cellColumns >= grid.cellColumns / 2 ? 1 : 0,
  );
  const paint = (luma: number, u: number, v: number): Uint8Array => {
    const pixels = canvas.widthPx * canvas.heightPx;
    return new Uint8Array(i420Bytes(canvas))
      .fill(luma, 0, pixels)
      .fill(u, pixels, pixels * 1.25)
      .fill(v, pixels * 1.25);
  };
  const value = (plane: number, column: number, row: number): number => {
    const start = backdrop.byteOffset + plane * backdropPlaneBytes(grid);
    const nodes = new Int16Array(memory.memory.buffer, start, grid.columns * grid.rows);
    return nodes[row * grid.columns + column]! / 128;
  };
  return { backdrop, isOpen, paint, value };
}

describe('the backdrop of fill: blur', () => {
  it('carries the colours of the views to the far border, darkened', () => {
    const { backdrop, isOpen, paint, value } = halfOpen();

    backdrop.follow(paint(216, 80, 180), () => isOpen);

    for (const [column, row] of [
      [12, 0],
      [15, 5],
      [grid.columns - 1, grid.rows - 1],
    ] as const) {
      expect(value(0, column, row)).toBeCloseTo(16 + 200 * 0.45, 1);
      expect(value(1, column, row)).toBeCloseTo(128 - 48 * 0.7, 1);
      expect(value(2, column, row)).toBeCloseTo(128 + 52 * 0.7, 1);
    }
  });

  it('never looks at cells in which it shows itself', () => {
    const { backdrop, isOpen, paint, value } = halfOpen();
    const picture = paint(100, 128, 128);
    for (let y = 0; y < canvas.heightPx; y += 1) picture.fill(255, y * 320 + 160, (y + 1) * 320);

    backdrop.follow(picture, () => isOpen);

    expect(value(0, grid.columns - 1, 5)).toBeCloseTo(16 + 84 * 0.45, 1);
  });

  it('follows nearer parts of the picture more than distant ones', () => {
    const { backdrop, isOpen, paint, value } = halfOpen();
    const picture = paint(40, 128, 128);
    picture.fill(240, 0, 320 * 80);

    backdrop.follow(picture, () => isOpen);

    expect(value(0, 12, 0)).toBeGreaterThan(value(0, 12, 5) + 20);
    expect(value(0, 12, 5)).toBeGreaterThan(value(0, 12, 10) + 20);
  });

  it('moves to new colours in steps, and looks only now and then', () => {
    const { backdrop, isOpen, paint, value } = halfOpen();
    let looks = 0;
    const look = (): Uint8Array => {
      looks += 1;
      return isOpen;
    };
    backdrop.follow(paint(16, 128, 128), look);

    const seen: number[] = [];
    for (let frame = 0; frame < 50; frame += 1) {
      backdrop.follow(paint(236, 128, 128), look);
      seen.push(value(0, 15, 5));
    }

    expect(looks).toBe(11);
    expect(Math.max(...seen.map((now, index) => now - (seen[index - 1] ?? 16)))).toBeLessThan(35);
    expect(seen.at(-1)).toBeGreaterThan(16 + 220 * 0.45 * 0.95);
  });

  it('is black when nothing is covered, and after a reset', () => {
    const { backdrop, isOpen, paint, value } = halfOpen();
    const all = new Uint8Array(isOpen.length).fill(1);

    backdrop.follow(paint(200, 90, 90), () => all);
    expect([value(0, 3, 3), value(1, 3, 3)]).toEqual([16, 128]);

    backdrop.reset();
    backdrop.follow(paint(200, 90, 90), () => isOpen);
    backdrop.reset();
    expect([value(0, 3, 3), value(1, 3, 3)]).toEqual([16, 128]);
  });
});
