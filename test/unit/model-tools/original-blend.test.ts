import { describe, expect, it } from 'vitest';
import { blendAverage, blendLinear } from '../../../src/model-tools/original-blend.ts';
import type { WarpedView } from '../../../src/model-tools/original-warp.ts';

/** A view of one colour over some columns of a picture of 40 × 6. */
function aView(from: number, to: number, level: number): WarpedView {
  const mask = Float32Array.from({ length: 240 }, (_item, pixel) => (pixel % 40 >= from && pixel % 40 < to ? 1 : 0));
  return { mask, rgb: Float32Array.from({ length: 720 }, (_item, index) => level * mask[Math.floor(index / 3)]!) };
}

const column = (picture: Uint8Array, col: number): number => picture[(2 * 40 + col) * 3]!;

describe('the original’s blends', () => {
  it('AVERAGE passes the view that is alone, and weights by brightness where both are', () => {
    const picture = blendAverage(aView(0, 25, 100), aView(15, 40, 200));

    expect(column(picture, 5)).toBe(99);
    expect(column(picture, 20)).toBe(166);
    expect(column(picture, 35)).toBe(199);
  });

  it('LINEAR goes over from one view to the other along their centres', () => {
    const picture = blendLinear(aView(0, 25, 100), aView(15, 40, 200), 40, 6);

    const overlap = Array.from({ length: 10 }, (_item, index) => column(picture, 15 + index));
    expect(column(picture, 5)).toBe(100);
    expect(column(picture, 38)).toBe(200);
    expect(overlap.every((level, index) => index === 0 || level >= overlap[index - 1]!)).toBe(true);
  });

  it('LINEAR fails where the views do not meet', () => {
    expect(() => blendLinear(aView(0, 10, 1), aView(20, 30, 1), 40, 6)).toThrow(RangeError);
  });
});
