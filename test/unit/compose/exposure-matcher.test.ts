import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExposureMatcher, fadedGain } from '../../../src/compose/exposure-matcher.ts';
import { type ViewDifference, viewDifference } from '../../../src/compose/view-difference.ts';
import { OVERLAP_WORDS } from '../../../src/kernels/strip-layout.ts';
import { GAIN_WORDS, NEUTRAL_GAIN, writeGain } from '../../../src/compose/view-gain.ts';

/** What is measured when both views show the same scene with these levels of Y, U and V. */
function means(
  [lumaA, uA, vA]: [number, number, number],
  [lumaB, uB, vB]: [number, number, number],
  blocks = 500,
): ViewDifference {
  return { blocks, luma: Math.log((lumaA - 16) / (lumaB - 16)), u: uA - uB, v: vA - vB };
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

describe('ExposureMatcher, when something passes', () => {
  const known = means([116, 128, 128], [96, 126, 128]);

  /** How far the target's gain goes from what it is after a minute of the known, as a share, in each update. */
  function moves(updates: readonly ViewDifference[]): number[] {
    const matcher = new ExposureMatcher();
    for (let index = 0; index < 300; index += 1) matcher.update(known);
    const before = matcher.gains[1].luma;
    return updates.map((difference) => {
      matcher.update(difference);
      return Math.abs(matcher.gains[1].luma / before - 1);
    });
  }
  const times = (count: number, difference: ViewDifference): ViewDifference[] => Array(count).fill(difference);

  it('is not moved by headlights that flood one view for three seconds and are gone', () => {
    const flooded = means([116, 128, 128], [136, 126, 128]);

    expect(Math.max(...moves([...times(15, flooded), ...times(50, known)]))).toBeLessThan(0.002);
  });

  it('nor by some that come and go slowly, as from afar', () => {
    const approaching = Array.from({ length: 16 }, (_, step) => means([116, 128, 128], [96 + 2.5 * step, 126, 128]));

    expect(Math.max(...moves([...approaching, ...approaching.toReversed(), ...times(50, known)]))).toBeLessThan(0.02);
  });

  it('nor by what flickers between two levels', () => {
    const flicker = Array.from({ length: 100 }, (_, index) =>
      means([116, 128, 128], [index % 2 === 0 ? 96 : 130, 126, 128]),
    );

    expect(Math.max(...moves(flicker))).toBeLessThan(0.002);
  });

  it('follows what stays, after four seconds, as slowly as ever', () => {
    const darker = means([116, 128, 128], [76, 126, 128]);
    const all = moves(times(80, darker));

    expect(Math.max(...all.slice(0, 20))).toBe(0);
    // From √(100 / 80) to √(100 / 60).
    expect(all.at(-1)).toBeCloseTo(Math.sqrt(80 / 60) - 1, 2);
  });

  it('follows what stays between headlights that come again and again', () => {
    const street = Array.from({ length: 400 }, (_, index) => {
      const isLit = index % 15 >= 10;
      return means([116, 128, 128], [isLit ? 110 + ((index * 37) % 60) : 76, 126, 128]);
    });

    expect(moves(street).at(-1)).toBeCloseTo(Math.sqrt(80 / 60) - 1, 2);
  });

  it('does not wait before it has met the views for the first time, whatever it was told while they were aligned', () => {
    const matcher = new ExposureMatcher();
    for (const level of [20, 200, 60, 30]) matcher.update(means([116, 128, 128], [level, 126, 128]));
    for (let index = 0; index < 40; index += 1) matcher.update(known);

    expect(matcher.gains[1].luma).toBeCloseTo(Math.sqrt(100 / 80), 1);
  });

  it('follows the light of the day without a wait', () => {
    const dusk = Array.from({ length: 300 }, (_, step) => means([116, 128, 128], [96 - step / 10, 126, 128]));

    expect(moves(dusk).at(-1)).toBeCloseTo(Math.sqrt(80 / 50) - 1, 1);
  });
});

describe('viewDifference', () => {
  const BINS = 64;
  /** What a worker measures of blocks with these shares of luma and differences of U and V, and their weights. */
  function binsOf(blocks: readonly { share: number; u?: number; v?: number; weight?: number }[]): Float64Array {
    const bins = new Float64Array(OVERLAP_WORDS);
    bins[0] = blocks.length;
    for (const { share, u = 0, v = 0, weight = 1 } of blocks) {
      const put = (quantity: number, value: number, binsPerUnit: number, by: number): void => {
        const bin = Math.min(BINS - 1, Math.max(0, Math.floor(value * binsPerUnit) + BINS / 2));
        bins[1 + 2 * (quantity * BINS + bin)]! += by;
        bins[2 + 2 * (quantity * BINS + bin)]! += by * value;
      };
      put(0, share, BINS, weight);
      put(1, u, 1, 1);
      put(2, v, 1, 1);
    }
    return bins;
  }
  const alike = (count: number, share: number, u = 0) =>
    Array.from({ length: count }, () => ({ share, u, weight: 70 }));

  it('takes the workers together, weighted', () => {
    const bins = [...binsOf([{ share: 0.1, u: 2, v: -3, weight: 3 }]), ...binsOf([{ share: 0.12, u: 3, v: -3 }])];
    const difference = viewDifference(Float64Array.from(bins));

    expect(difference?.blocks).toBe(2);
    expect(difference?.luma).toBeCloseTo(Math.log(1.105 / 0.895), 9);
    expect([difference?.u, difference?.v]).toEqual([2.5, -3]);
    expect(viewDifference(new Float64Array(2 * OVERLAP_WORDS))).toBeUndefined();
  });

  it('gives the difference of most blocks, whatever a third of them shows', () => {
    const lamp = Array.from({ length: 300 }, (_, at) => ({ share: -0.2 - at / 500, u: -25, weight: 70 }));

    const difference = viewDifference(binsOf([...alike(600, 0.05, 1.5), ...lamp]));

    expect(difference?.luma).toBeCloseTo(Math.log(1.05 / 0.95), 9);
    expect(difference?.u).toBe(1.5);
  });

  it('gives any difference of all blocks alike, also one beyond its bins', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -0.9, max: 0.9, noNaN: true }),
        fc.double({ min: -60, max: 60, noNaN: true }),
        (share, u) => {
          const difference = viewDifference(binsOf(alike(50, share, u)));
          expect(difference?.luma).toBeCloseTo(Math.log((1 + share) / (1 - share)), 6);
          expect(difference?.u).toBeCloseTo(u, 6);
        },
      ),
    );
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
