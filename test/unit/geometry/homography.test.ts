import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  apply,
  cornerOffsets,
  homographyFromCorners,
  invert,
  isInFront,
  multiply,
  normalisedFromView,
  pixelHomography,
  viewCorners,
} from '../../../src/geometry/homography.ts';

const view = { widthPx: 1280, heightPx: 720 };
const network = { widthPx: 480, heightPx: 360 };
const offsets = fc.array(fc.double({ min: -150, max: 150, noNaN: true }), { minLength: 8, maxLength: 8 });
const moved = (by: readonly number[]): Float64Array => viewCorners(view).map((value, index) => value + by[index]!);

describe('homography', () => {
  it('takes four corners to where they were sent, and back by its inverse', () => {
    fc.assert(
      fc.property(offsets, offsets, (from, to) => {
        const h = homographyFromCorners(moved(from), moved(to));
        const back = invert(h);
        for (let index = 0; index < 8; index += 2) {
          const [x, y] = [moved(from)[index]!, moved(from)[index + 1]!];
          const [u, v] = apply(h, x, y);
          expect(Math.hypot(u - moved(to)[index]!, v - moved(to)[index + 1]!)).toBeLessThan(1e-6);
          const [bx, by] = apply(back, u, v);
          expect(Math.hypot(bx - x, by - y)).toBeLessThan(1e-6);
        }
      }),
    );
  });

  it('is applied from right to left in a product', () => {
    fc.assert(
      fc.property(offsets, offsets, (a, b) => {
        const first = homographyFromCorners(viewCorners(view), moved(a));
        const second = homographyFromCorners(viewCorners(view), moved(b));
        const [x, y] = apply(second, ...apply(first, 700, 300));
        const [u, v] = apply(multiply(second, first), 700, 300);
        expect(Math.hypot(u - x, v - y)).toBeLessThan(1e-6);
      }),
    );
  });

  it('reports the corner offsets that it was made from', () => {
    fc.assert(
      fc.property(offsets, (by) => {
        const h = homographyFromCorners(viewCorners(view), moved(by));
        for (const [index, value] of cornerOffsets(h, view).entries()) expect(value).toBeCloseTo(by[index]!, 6);
      }),
    );
  });

  it('puts the centre of a view at the origin of the normalised frame and its width at −1 … 1', () => {
    const h = normalisedFromView(view, network);
    expect(apply(h, 640, 360)).toEqual([0, 0]);
    expect(apply(h, 0, 360)[0]).toBeCloseTo(-1, 12);
    expect(apply(h, 1280, 720)).toEqual([1, 0.75]);
    // The centre of network pixel 0 is (0 − 239.5) / 240 with whole-number centres.
    expect(apply(h, (0.5 * 1280) / 480, 0)[0]).toBeCloseTo(-239.5 / 240, 12);
  });

  it('carries a normalised homography to pixels of views of different sizes', () => {
    const shift = Float64Array.from([1, 0, -0.5, 0, 1, 0, 0, 0, 1]);
    const h = pixelHomography(shift, view, { widthPx: 640, heightPx: 480 }, network);
    const [x, y] = apply(h, 1280, 720);
    expect(Math.hypot(x - 480, y - 480)).toBeLessThan(1e-9);
  });

  it('notices a corner behind the horizon', () => {
    expect(isInFront(Float64Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1]), view)).toBe(true);
    expect(isInFront(Float64Array.from([1, 0, 0, 0, 1, 0, -1 / 1000, 0, 1]), view)).toBe(false);
  });

  it('refuses corners on one line and matrices without inverse', () => {
    expect(() => homographyFromCorners(Float64Array.from([0, 0, 1, 1, 2, 2, 3, 3]), viewCorners(view))).toThrow(
      RangeError,
    );
    expect(() => invert(new Float64Array(9))).toThrow(RangeError);
  });
});
