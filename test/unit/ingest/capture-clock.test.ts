import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaptureClock } from '../../../src/ingest/capture-clock.ts';

const TICKS = 3600;
const FRAME_US = 40_000;

/** Capture times of pictures 40 ms apart that arrive `delaysUs[n]` after they were taken, from the given first timestamp. */
function capture(delaysUs: readonly number[], firstTimestamp = 0): number[] {
  const clock = new CaptureClock(90_000);
  let last = 0;
  return delaysUs.map((delayUs, index) => {
    last = Math.max(last, 1_000_000 + index * FRAME_US + delayUs);
    return clock.note((firstTimestamp + index * TICKS) >>> 0, last, false).captureUs;
  });
}

const steps = (times: readonly number[]): number[] => times.slice(1).map((time, at) => time - times[at]!);

describe('CaptureClock', () => {
  it('gives pictures the distance of their timestamps, however late they come', () => {
    const jitter = fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 80, maxLength: 200 });
    fc.assert(
      fc.property(jitter, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (delays, first) => {
        // The smallest delay comes first, so that there is nothing left to learn.
        const seen = steps(capture([0, ...delays], first));
        expect(Math.max(...seen.map((step) => Math.abs(step - FRAME_US)))).toBeLessThanOrEqual(0.05 * FRAME_US + 1);
      }),
    );
  });

  it('follows a delay that has fallen by a twentieth at most, also over a pause and its burst', () => {
    const settled = Array.from({ length: 100 }, () => 50_000);
    const pause = [40_000, 40_000, 500_000, ...Array.from({ length: 11 }, (_, at) => 460_000 - at * FRAME_US)];
    const after = Array.from({ length: 60 }, () => 40_000);

    const seen = steps(capture([...settled, ...pause, ...after]));

    expect(Math.min(...seen)).toBeGreaterThanOrEqual(0.95 * FRAME_US - 1);
    expect(seen.reduce((sum, step) => sum + step, 0)).toBe(seen.length * FRAME_US - 10_000);
  });

  it('goes on from the arrival when the camera starts its clock anew', () => {
    const clock = new CaptureClock(90_000);
    const before = clock.note(900_000, 5_000_000, false).captureUs;

    const after = clock.note(4_000_000_000, 5_040_000, false).captureUs;

    expect(after - before).toBe(40_000);
  });
});
