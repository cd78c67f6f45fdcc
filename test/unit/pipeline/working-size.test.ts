import { describe, expect, it } from 'vitest';
import { nominalRate, workingSize } from '../../../src/pipeline/working-size.ts';

describe('workingSize', () => {
  it('keeps the aspect and never enlarges', () => {
    expect(workingSize({ widthPx: 1920, heightPx: 1080 }, 1280)).toEqual({ widthPx: 1280, heightPx: 720 });
    expect(workingSize({ widthPx: 640, heightPx: 480 }, 1280)).toEqual({ widthPx: 640, heightPx: 480 });
  });

  it('gives even sides', () => {
    expect(workingSize({ widthPx: 1279, heightPx: 717 }, 1001)).toEqual({ widthPx: 1002, heightPx: 562 });
  });
});

describe('nominalRate', () => {
  it('takes the common rate next to a measured one', () => {
    expect([24.6, 29.5, 12.3, 59].map(nominalRate)).toEqual([25, 30, 12.5, 60]);
  });

  it('keeps an odd rate and falls back to 25 without one', () => {
    expect([17.4, 0, Number.NaN].map(nominalRate)).toEqual([17, 25, 25]);
  });
});
