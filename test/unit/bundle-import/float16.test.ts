import { assert, float, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHalf, toHalf } from '../../../src/bundle-import/float16.ts';

describe('float16', () => {
  it('gives every pattern of bits back', () => {
    const all = Array.from({ length: 0x10000 }, (_item, bits) => bits);

    const changed = all.filter((bits) => toHalf(fromHalf(bits)) !== bits);

    expect(changed.every((bits) => Number.isNaN(fromHalf(bits)) && Number.isNaN(fromHalf(toHalf(NaN))))).toBe(true);
  });

  it('rounds to the nearest, ties to even', () => {
    expect(toHalf(1 + 2 ** -11)).toBe(0x3c00);
    expect(toHalf(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(toHalf(65_519)).toBe(0x7bff);
    expect(toHalf(65_520)).toBe(0x7c00);
    expect(toHalf(2 ** -25)).toBe(0);
    expect(toHalf(3 * 2 ** -26)).toBe(1);
  });

  it('is never further off than half a step', () => {
    assert(
      property(float({ min: -60_000, max: 60_000, noNaN: true }), (value) => {
        const step = Math.max(2 ** -24, 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - 10));
        expect(Math.abs(fromHalf(toHalf(value)) - value)).toBeLessThanOrEqual(step / 2);
      }),
    );
  });
});
