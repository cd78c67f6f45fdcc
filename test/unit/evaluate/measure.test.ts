import { describe, expect, it } from 'vitest';
import { invert, multiply, scaleShift } from '../../../src/geometry/homography.ts';
import { compare, measure, nearestHomography, relativeScale } from '../../../src/evaluate/measure.ts';
import { mapOfHomography, type PixelMap } from '../../../src/evaluate/pixel-map.ts';
import { errorOf } from '../../../src/evaluate/truth.ts';
import { knownPair, truthOf } from '../../helpers/known-pair.ts';

const SIZE = { widthPx: 480, heightPx: 320 };
const pair = knownPair(SIZE, [150, 12], 0.03);
const { left, right, rightFromLeft } = pair;
const points = truthOf(pair);
const truth = { left: Float64Array.from(points.left.flat()), right: Float64Array.from(points.right.flat()) };

/** The true map, its results moved by some pixels. */
function mapOff(dx: number, dy = 0): PixelMap {
  return mapOfHomography(invert(multiply(scaleShift(1, 1, dx, dy), rightFromLeft)), SIZE);
}

describe('the figures of one alignment', () => {
  const right0 = measure(left, right, mapOff(0));

  it('are good for the true alignment', () => {
    expect(right0.ssim).toBeGreaterThan(0.93);
    expect(right0.psnrDb).toBeGreaterThan(32);
    expect(errorOf(right0, truth)).toBeLessThan(1e-6);
  });

  it.each([
    [1, 0.015],
    [3, 0.05],
    [12, 0.15],
  ])('are worse when it is off by %i px', (offPx, lost) => {
    const off = measure(left, right, mapOff(offPx));

    expect(off.ssim).toBeLessThan(right0.ssim! - lost);
    expect(off.psnrDb).toBeLessThan(right0.psnrDb! - 3);
    expect(errorOf(off, truth)).toBeCloseTo(offPx, 6);
  });

  it('count the pixels that the right view covers', () => {
    const shifted = measure(left, left, mapOfHomography(scaleShift(1, 1, 120, 0), SIZE));

    // 360 of 480 columns, less one at the seam; the frame itself does not shrink the mask.
    expect(shifted.overlap).toBeCloseTo(359 / 480, 6);
  });

  it('are compared over the overlap that both alignments have', () => {
    const much = measure(left, left, mapOff(0));
    const [ours, theirs] = compare(right0, measure(left, right, mapOff(0, 100)));

    expect(ours).not.toBe(right0.ssim);
    expect(ours).toBeGreaterThan(theirs! + 0.2);
    expect(compare(much, much)[0]).toBe(much.ssim);
  });

  it('say how much a map stretches beside another one', () => {
    const twice = mapOfHomography(invert(multiply(scaleShift(1.3, 1.2, 0, 0), rightFromLeft)), SIZE);
    const [least, largest] = relativeScale(measure(left, right, twice), mapOff(0))!;

    expect(least).toBeCloseTo(Math.sqrt(1.3 * 1.2), 3);
    expect(largest).toBeCloseTo(Math.sqrt(1.3 * 1.2), 3);
  });

  it('know a bent map from its own homography', () => {
    const map = mapOff(0);
    // Squeezed to a half in the middle of the overlap, over 60 px.
    const bent = map.positions.map((value, index) => {
      const x = (index >> 1) % SIZE.widthPx;
      return index % 2 === 0
        ? value - 10 * Math.sin((Math.PI * (x - 260)) / 60) * (Math.abs(x - 290) < 30 ? 1 : 0)
        : value;
    });
    const alignment = measure(left, right, { ...SIZE, positions: bent });
    const [least, largest] = relativeScale(alignment, mapOfHomography(nearestHomography(alignment)!, SIZE))!;

    expect(least).toBeLessThan(0.8);
    expect(largest).toBeGreaterThan(1.2);
  });
});

describe('a known truth', () => {
  it('makes a refusal an infinite error', () => {
    expect(errorOf(undefined, truth)).toBe(Infinity);
    expect(errorOf(undefined, undefined)).toBeUndefined();
  });
});
