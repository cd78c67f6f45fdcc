import { describe, expect, it } from 'vitest';
import { SeamlineError } from '../../../src/common/seamline-error.ts';
import { difference, passes } from '../../../src/model-tools/fixture-check.ts';
import { parseFixture } from '../../../src/model-tools/fixture.ts';

const array = { name: 'a', file: 'a.f32', dtype: 'float32-le', shape: [2, 3], limit: 0.1 };
const index = { frames: 2, width: 480, height: 360, grid: [7, 9], arrays: [array] };

describe('parseFixture', () => {
  it('reads any subset of arrays, with or without pictures', () => {
    expect(parseFixture('/x', index).arrays).toEqual([{ name: 'a', file: 'a.f32', shape: [2, 3], limit: 0.1 }]);
    const images = [{ file: 'images/one.png', blend: 'linear', frame: 1, limit_mean_abs: 1.5 }];
    expect(parseFixture('/x', { ...index, images }).images[0]?.limitMeanAbs).toBe(1.5);
  });

  it('refuses an index that lists nothing: nothing would have been checked', () => {
    expect(() => parseFixture('/x', { ...index, arrays: [] })).toThrow(/nothing to compare/);
  });

  it('lists every wrong entry, and leaves the folder for none', () => {
    const wrong = {
      frames: 0,
      width: 480,
      height: 360,
      arrays: [
        { ...array, file: '../../secret' },
        { ...array, limit: undefined },
        { ...array, dtype: 'float64' },
      ],
      images: 'none',
    };

    try {
      parseFixture('/x', wrong);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SeamlineError);
      const fields = (error as SeamlineError).errors?.map(({ field }) => field);
      expect(fields).toEqual(['frames', 'arrays[0]', 'arrays[1]', 'arrays[2]', 'images']);
    }
  });
});

describe('difference', () => {
  it('gives the largest and the mean absolute difference', () => {
    expect(difference([1, 2, 3, 4], [1, 2.5, 3, 2])).toEqual({ largest: 2, mean: 0.625, measured: 2 });
  });

  it('never passes what is not a number', () => {
    const found = difference([1, NaN, 3], [1, 2, 3]);

    expect(passes({ name: 'a', limit: 1e9, ...found })).toBe(false);
    expect(passes({ name: 'a', limit: 0.5, ...difference([1], [1.4]) })).toBe(true);
    expect(passes({ name: 'a', limit: undefined, ...difference([1], [1.4]), fault: 'has 1 number' })).toBe(false);
  });
});
