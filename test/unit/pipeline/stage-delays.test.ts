import { describe, expect, it } from 'vitest';
import { RateMeter, SlidingWindow, StageDelays } from '../../../src/pipeline/stage-delays.ts';

describe('SlidingWindow', () => {
  it('forgets values that are a hundred behind', () => {
    const window = new SlidingWindow();
    for (let index = 0; index < 50; index += 1) window.add(1000);

    for (let index = 0; index < 100; index += 1) window.add(index);

    expect(window.summary()).toEqual({ p50: 50, p95: 95 });
  });

  it('is zero before the first value', () => {
    expect(new SlidingWindow().summary()).toEqual({ p50: 0, p95: 0 });
  });
});

describe('StageDelays', () => {
  it('splits the way of a picture into its stages', () => {
    const delays = new StageDelays();

    delays.add({ capturedUs: 0, decodedUs: 46_000, pairedUs: 60_000, composedUs: 66_000, encodedUs: 80_000 });

    const medians = Object.entries(delays.summary()).map(([stage, delay]) => [stage, delay.p50]);
    expect(Object.fromEntries(medians)).toEqual({ decode: 46, pair: 14, compose: 6, encode: 14, total: 80 });
  });
});

describe('RateMeter', () => {
  it('counts events of the last seconds only', () => {
    const meter = new RateMeter(3000);
    for (let us = 0; us <= 2_000_000; us += 40_000) meter.note(us);

    expect(meter.perSecond(2_000_000)).toBeCloseTo(25.5, 0);
    expect(meter.perSecond(10_000_000)).toBe(0);
  });
});
