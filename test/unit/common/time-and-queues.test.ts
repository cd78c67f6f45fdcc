import { array, assert, double, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, DEFAULT_BACKOFF } from '../../../src/common/backoff.ts';
import { BoundedQueue } from '../../../src/common/bounded-queue.ts';
import { monotonicClock, SteppedClock } from '../../../src/common/clock.ts';
import { withDeadline } from '../../../src/common/deadline.ts';
import { RateReporter } from '../../../src/common/rate-reporter.ts';
import { ticksToUs, TimestampUnwrapper, usToTicks, wrappedDistance } from '../../../src/common/ticks.ts';

describe('pauses between retries', () => {
  it('double from the first to the longest', () => {
    const pauses = [0, 1, 2, 3, 4, 5, 6, 1000].map((attempt) => backoffMs(attempt, () => 0.5));

    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
  });

  it('are spread by a fifth both ways and never leave that band', () => {
    assert(
      property(integer({ min: 0, max: 200 }), double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
        const middle = backoffMs(attempt, () => 0.5);
        const pause = backoffMs(attempt, () => random);

        expect(Math.abs(pause - middle)).toBeLessThanOrEqual(middle * DEFAULT_BACKOFF.jitter + 1e-9);
      }),
    );
  });
});

describe('a bounded queue', () => {
  it('drops the oldest and hands it over', () => {
    const dropped: number[] = [];
    const queue = new BoundedQueue<number>(2, 'drop-oldest', (item) => dropped.push(item));

    expect([1, 2, 3].map((item) => queue.push(item))).toEqual([true, true, true]);

    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([2, 3, undefined]);
    expect(dropped).toEqual([1]);
    expect(queue.dropped).toBe(1);
  });

  it('drops the newest and says so', () => {
    const queue = new BoundedQueue<number>(2, 'drop-newest');

    expect([1, 2, 3].map((item) => queue.push(item))).toEqual([true, true, false]);

    expect(queue.peek()).toBe(1);
  });

  it('hands over what it holds when it is cleared, without counting it as dropped', () => {
    const released: number[] = [];
    const queue = new BoundedQueue<number>(3, 'drop-oldest', (item) => released.push(item));
    queue.push(1);
    queue.push(2);

    queue.clear();

    expect([released, queue.size, queue.dropped]).toEqual([[1, 2], 0, 0]);
  });

  it('never holds more than its capacity, and loses nothing without telling', () => {
    assert(
      property(integer({ min: 1, max: 5 }), array(integer(), { maxLength: 40 }), (capacity, items) => {
        const dropped: number[] = [];
        const queue = new BoundedQueue<number>(capacity, 'drop-oldest', (item) => dropped.push(item));
        for (const item of items) queue.push(item);
        const kept = Array.from({ length: queue.size }, () => queue.shift());

        expect(kept.length).toBeLessThanOrEqual(capacity);
        expect([...dropped, ...kept]).toEqual(items);
      }),
    );
  });

  it('refuses a capacity that is none', () => {
    expect(() => new BoundedQueue(0, 'drop-oldest')).toThrow(RangeError);
    expect(() => new BoundedQueue(1.5, 'drop-oldest')).toThrow(RangeError);
  });
});

describe('ticks of 90 kHz', () => {
  it('convert to µs and back within one tick', () => {
    assert(
      property(integer({ min: 0, max: 2 ** 40 }), (ticks) => {
        expect(usToTicks(ticksToUs(ticks))).toBe(ticks);
      }),
    );
    expect(usToTicks(1_000_000)).toBe(90_000);
  });

  it('have a signed distance over the wrap of 32 bits', () => {
    expect(wrappedDistance(5, 2 ** 32 - 5)).toBe(10);
    expect(wrappedDistance(2 ** 32 - 5, 5)).toBe(-10);
  });

  it('unwrap to a count that follows every step, also backwards and over the wrap', () => {
    const steps = array(integer({ min: -100_000, max: 100_000_000 }), { maxLength: 60 });
    assert(
      property(integer({ min: 0, max: 2 ** 32 - 1 }), steps, (start, moves) => {
        const unwrapper = new TimestampUnwrapper();
        let expected = start;
        expect(unwrapper.unwrap(start)).toBe(start);
        for (const move of moves) {
          expected += move;
          expect(unwrapper.unwrap(((expected % 2 ** 32) + 2 ** 32) % 2 ** 32)).toBe(expected);
        }
      }),
    );
  });
});

describe('clocks', () => {
  it('never go back', () => {
    const clock = new SteppedClock(10);
    clock.advance(5);

    expect(clock.nowUs()).toBe(15);
    expect(() => clock.advance(-1)).toThrow(RangeError);
    const first = monotonicClock.nowUs();
    expect(monotonicClock.nowUs()).toBeGreaterThanOrEqual(first);
  });
});

describe('a deadline', () => {
  it('gives the outcome that comes in time, good or bad', async () => {
    await expect(withDeadline(Promise.resolve(7), 1000, 'it')).resolves.toBe(7);
    await expect(withDeadline(Promise.reject(new Error('no')), 1000, 'it')).rejects.toThrow('no');
  });

  it('ends the wait with a timeout that names what was waited for', async () => {
    await expect(withDeadline(new Promise(() => undefined), 5, 'the camera')).rejects.toMatchObject({
      type: 'timeout',
      message: 'the camera took longer than 5 ms',
    });
  });
});

describe('a rate reporter', () => {
  it('reports at once, then once an interval with the count and the last detail', () => {
    const clock = new SteppedClock();
    const reports: [number, string][] = [];
    const reporter = new RateReporter<string>(clock, (count, last) => reports.push([count, last]));

    for (const detail of ['a', 'b', 'c']) reporter.note(detail);
    clock.advance(1_000_000);
    reporter.note('d');

    expect(reports).toEqual([
      [1, 'a'],
      [3, 'd'],
    ]);
  });
});
