import { describe, expect, it } from 'vitest';
import { crossValidate } from '../../../src/evaluate/cross-validation.ts';
import type { Comparison, Row } from '../../../src/evaluate/evaluate-case.ts';
import { aRow } from '../../helpers/evaluation-row.ts';

const pair = (source: string, confidence: number, changes: Partial<Row> = {}): Row =>
  aRow({ source, confidence, ...changes });
const many = (source: string, confidences: readonly number[]): Row[] => confidences.map((value) => pair(source, value));

describe('the threshold under cross-validation', () => {
  it('of each source is the one that refuses two per cent of all the others', () => {
    // Of 100 pairs the third least confident is the first that is kept.
    const easy = many('easy', [0.1, 0.2, 0.3, ...Array.from({ length: 97 }, () => 0.9)]);
    const hard = many('hard', [0.05, 0.29, 0.31, ...Array.from({ length: 97 }, () => 0.8)]);

    const found = crossValidate([...easy, ...hard])!;

    expect(found.sources).toBe(2);
    expect(found.thresholds).toEqual([0.3, 0.31]);
    // Of the easy ones 0.1, 0.2 and 0.3 lie under 0.31, of the hard ones 0.05 and 0.29 under 0.3.
    expect(found.confident).toEqual({ hits: 195, of: 200 });
  });

  it('counts a confident pair as worse when the baseline aligns it better, and leaves out what that does not solve', () => {
    const besides = (changes: Partial<Comparison>): Partial<Row> => ({ ransac: { ...aRow().ransac!, ...changes } });
    const rows = [
      pair('a', 0.9),
      pair('a', 0.9, besides({ oursInCommon: 0.6 })),
      pair('a', 0.1),
      pair('a', 0.9, besides({ solved: false })),
      pair('b', 0.5, besides({ oursInCommon: undefined })),
    ];

    const found = crossValidate(rows)!;

    // 0.5 for the pairs of a, 0.1 for those of b.
    expect(found.thresholds).toEqual([0.1, 0.5]);
    expect(found.atLeast).toEqual({ hits: 1, of: 4 });
  });

  it('holds the least threshold against unrelated views', () => {
    const stranger = { kind: 'unrelated', ransac: undefined, magsacEcc: undefined } as const;
    const rows = [
      ...many('a', [0.3, 0.9]),
      ...many('b', [0.6, 0.9]),
      pair('', 0.35, stranger),
      pair('', 0.1, stranger),
      pair('', 0, { ...stranger, failure: 'broken' }),
    ];

    expect(crossValidate(rows)!.unrelatedConfident).toEqual({ hits: 1, of: 2 });
  });

  it('needs two sources', () => {
    expect(crossValidate(many('a', [0.3, 0.9]))).toBeUndefined();
  });
});
