import { describe, expect, it } from 'vitest';
import {
  FULL_LOAD,
  isStrained,
  LEVELS,
  loadReason,
  type LoadSample,
  type LoadState,
  nextLoad,
} from '../../../src/pipeline/load-policy.ts';

const GOOD: LoadSample = { made: 25, dropped: 0, backlogMs: 80, workMs: 40, fps: 25 };
const BAD: LoadSample = { ...GOOD, made: 15, dropped: 10 };

/** The state after these seconds, and the level after each. */
function run(state: LoadState, samples: readonly LoadSample[]): { state: LoadState; levels: number[] } {
  const levels: number[] = [];
  let now = state;
  for (const sample of samples) {
    now = nextLoad(now, sample);
    levels.push(now.level);
  }
  return { state: now, levels };
}

const seconds = (count: number, sample: LoadSample): LoadSample[] => Array.from({ length: count }, () => sample);

describe('strain', () => {
  it.each([
    ['a quiet second', {}, false],
    ['a few pictures lost', { made: 23, dropped: 2 }, false],
    ['more than a fifth of the pictures dropped', { made: 19, dropped: 6 }, true],
    ['a queue that stands before a decoder', { backlogMs: 480 }, true],
    ['the same before one that reorders five pictures a second', { backlogMs: 480, fps: 5, made: 5 }, false],
    ['panoramas that take seven intervals', { workMs: 280 }, true],
    ['the same of cameras that give five a second', { workMs: 280, fps: 5, made: 5 }, false],
    ['stills without cameras', { made: 5, dropped: 0, workMs: 60 }, false],
  ])('%s', (_what, change, expected) => {
    expect(isStrained({ ...GOOD, ...change })).toBe(expected);
  });
});

describe('what is given up', () => {
  it('comes in order: the networks’ pace, the frame rate, the working size', () => {
    const { levels } = run(FULL_LOAD, seconds(24, BAD));

    expect(levels).toEqual([0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5]);
    const firstWith = (is: (level: (typeof LEVELS)[number]) => boolean): number => LEVELS.findIndex(is);
    const pace = firstWith(({ networksSlowdown }) => networksSlowdown > 1);
    const rate = firstWith(({ rateShare }) => rateShare < 1);
    const size = firstWith(({ sizeShare }) => sizeShare < 1);
    expect([0 < pace, pace < rate, rate < size]).toEqual([true, true, true]);
  });

  it('is nothing for a single bad second, or for two of five', () => {
    const uneven = Array.from({ length: 60 }, (_, second) => (second % 5 < 2 ? BAD : GOOD));

    expect(Math.max(...run(FULL_LOAD, uneven).levels)).toBe(0);
  });

  it('is something when most seconds are bad', () => {
    const uneven = Array.from({ length: 30 }, (_, second) => (second % 5 < 4 ? BAD : GOOD));

    expect(run(FULL_LOAD, uneven).state.level).toBeGreaterThan(2);
  });

  it('is taken back level by level, five calm seconds each', () => {
    const low = run(FULL_LOAD, seconds(12, BAD)).state;

    const { levels } = run(low, seconds(20, GOOD));

    expect(low.level).toBe(3);
    expect(levels.filter((level) => level === 3)).toHaveLength(4);
    expect(levels.indexOf(1)).toBe(9);
    expect(levels.indexOf(0)).toBe(14);
  });

  it('is kept longer when what was taken back had to be given up again, so that nothing flaps', () => {
    // A machine that does level 1 well and level 0 not at all.
    let state = run(FULL_LOAD, seconds(4, BAD)).state;
    let changes = 0;
    for (let second = 0; second < 600; second += 1) {
      const next = nextLoad(state, state.level === 0 ? BAD : GOOD);
      changes += Number(next.level !== state.level);
      state = next;
    }

    expect(changes).toBeLessThan(14);
  });

  it('is taken back soon again after a level has held', () => {
    const careful: LoadState = { ...FULL_LOAD, level: 1, patience: 80 };
    const held = run(careful, seconds(80 + 31, GOOD)).state;

    expect(held).toMatchObject({ level: 0, patience: FULL_LOAD.patience });
  });

  it('is said in plain words', () => {
    expect(LEVELS.map((_, level) => loadReason(level, 25))).toEqual([
      '',
      'the machine cannot keep up: the alignment is renewed half as often',
      'the machine cannot keep up: the alignment is renewed a quarter as often',
      'the machine cannot keep up: 16.7 instead of 25 pictures a second, the alignment is renewed a quarter as often',
      'the machine cannot keep up: 12.5 instead of 25 pictures a second, the alignment is renewed a quarter as often',
      'the machine cannot keep up: views are worked with at 50 % of their size, 12.5 instead of 25 pictures a second, the alignment is renewed a quarter as often',
    ]);
  });
});
