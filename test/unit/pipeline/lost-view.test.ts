import { describe, expect, it } from 'vitest';
import { NEUTRAL_GAIN } from '../../../src/compose/view-gain.ts';
import type { FramePair } from '../../../src/pairing/frame-pairer.ts';
import { lightOf, withLostViewDark } from '../../../src/pipeline/lost-view.ts';

const gains = [{ luma: 1.2, chroma: 0.9, uOffset: 4 }, NEUTRAL_GAIN] as const;

function pair(overrides: Partial<FramePair>): FramePair {
  return { skewUs: 0, targetIsHeld: false, referenceIsHeld: false, ...overrides } as FramePair;
}

describe('a view that gives no pictures', () => {
  it('stays as a still for ten seconds and is dark two seconds later', () => {
    expect([0, 9, 10, 11, 12, 3600].map((seconds) => lightOf(seconds * 1e6))).toEqual([1, 1, 1, 0.5, 0, 0]);
  });

  it('leaves the view that is live as it is', () => {
    const [reference, target] = withLostViewDark(gains, pair({ targetIsHeld: true, skewUs: -11e6 }));

    expect(reference).toBe(gains[0]);
    expect(target).toMatchObject({ luma: 0.5, chroma: 0.5 });
  });

  it('is darkened with the gains it was shown with', () => {
    const [reference, target] = withLostViewDark(gains, pair({ referenceIsHeld: true, skewUs: 11e6 }));

    expect(reference).toMatchObject({ luma: 0.6, chroma: 0.45, uOffset: 2 });
    expect(target).toBe(gains[1]);
  });

  it('is not darkened by a sync offset alone', () => {
    expect(withLostViewDark(gains, pair({ skewUs: -30e6 }))).toEqual(gains);
  });
});
