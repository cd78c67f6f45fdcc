import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExposureMatcher, fadedGain } from '../../../src/compose/exposure-matcher.ts';
import { overlapMeans, type OverlapMeans } from '../../../src/compose/overlap-means.ts';
import { GAIN_WORDS, NEUTRAL_GAIN, writeGain } from '../../../src/compose/view-gain.ts';

function means(reference: [number, number, number], target: [number, number, number], blocks = 500): OverlapMeans {
  const view = ([luma, u, v]: [number, number, number]) => ({ luma, u, v });
  return { blocks, reference: view(reference), target: view(target) };
}

describe('ExposureMatcher', () => {
  it('brings both views to the same luma and tint, half way each', () => {
    const level = fc.double({ min: 66, max: 120, noNaN: true });
    const tint = fc.double({ min: 120, max: 136, noNaN: true });
    fc.assert(
      fc.property(level, level, tint, tint, (lumaA, lumaB, tintA, tintB) => {
        const matcher = new ExposureMatcher(1);

        matcher.update(means([lumaA, tintA, tintB], [lumaB, tintB, tintA]));

        const [reference, target] = matcher.gains;
        expect((lumaA - 16) * reference.luma).toBeCloseTo((lumaB - 16) * target.luma, 6);
        expect(reference.luma * target.luma).toBeCloseTo(1, 9);
        expect(tintA + reference.uOffset!).toBeCloseTo(tintB + target.uOffset!, 6);
        expect(tintB + reference.vOffset!).toBeCloseTo(tintA + target.vOffset!, 6);
      }),
    );
  });

  it('goes there slowly', () => {
    const matcher = new ExposureMatcher();
    const factors = Array.from({ length: 50 }, () => {
      matcher.update(means([116, 128, 128], [60, 128, 128]));
      return matcher.gains[1].luma;
    });

    expect(factors[0]).toBeLessThan(1.05);
    expect(factors.at(-1)).toBeCloseTo(Math.sqrt(100 / 44), 1);
  });

  it('keeps each camera’s gain when the views exchange them', () => {
    const matcher = new ExposureMatcher(1);
    matcher.update(means([116, 126, 130], [60, 128, 128]));
    const [url1, url2] = matcher.gains;

    matcher.exchange();

    expect(matcher.gains).toEqual([url2, url1]);
    matcher.update(means([60, 128, 128], [116, 126, 130]));
    expect(matcher.gains[0].luma).toBeCloseTo(url2.luma, 9);
  });

  it('never goes beyond its limits, and not at all for too small an overlap', () => {
    const matcher = new ExposureMatcher(1);

    matcher.update(means([200, 90, 200], [17, 200, 90], 5));
    expect(matcher.gains[1].luma).toBe(1);
    matcher.update(means([200, 90, 200], [17, 200, 90]));

    expect(matcher.gains[1].luma).toBeCloseTo(1.5, 9);
    expect(matcher.gains[1].uOffset).toBe(-12);
    expect(matcher.gains[0].vOffset).toBe(-12);
  });
});

describe('overlapMeans', () => {
  it('adds up the workers and divides by the samples', () => {
    const sums = Float64Array.of(
      1,
      64 * 100,
      16 * 120,
      16 * 130,
      64 * 90,
      16 * 121,
      16 * 131,
      3,
      3 * 64 * 60,
      0,
      0,
      0,
      0,
      0,
    );

    expect(overlapMeans(sums)?.blocks).toBe(4);
    expect(overlapMeans(sums)?.reference.luma).toBe(70);
    expect(overlapMeans(sums)?.target.v).toBe(131 / 4);
    expect(overlapMeans(new Float64Array(14))).toBeUndefined();
  });
});

describe('writeGain', () => {
  const words = (gain: Parameters<typeof writeGain>[0]) => {
    const block = new Int32Array(GAIN_WORDS);
    writeGain(gain, block, 0);
    return [...block];
  };

  it('marks a neutral gain as unused', () => {
    expect(words(NEUTRAL_GAIN)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(words(fadedGain(1))).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('writes factors in Q15 less one and offsets with 7 fractional bits, within their range', () => {
    expect(words({ luma: 1.5, chroma: 0, lumaOffset: -2, uOffset: 0.5, vOffset: 900 })).toEqual([
      1, 16_384, -256, -32_768, 64, 32_767,
    ]);
    expect(words({ luma: 7, chroma: 1 })).toEqual([1, 32_767, 0, 0, 0, 0]);
  });
});
