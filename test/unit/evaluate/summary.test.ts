import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../../src/evaluate/evaluate-case.ts';
import { badness, summarise } from '../../../src/evaluate/summary.ts';
import { rowText, summaryText } from '../../../src/evaluate/table.ts';
import { aRow } from '../../helpers/evaluation-row.ts';

function aComparison(gain: number, changes: Partial<Comparison> = {}): Comparison {
  const common = { oursInCommon: 0.7 + gain, theirsInCommon: 0.7 };
  return { solved: true, inliers: 99, ssim: 0.7, overlap: 0.5, errorPx: undefined, ...common, ...changes };
}

const refused = aRow({
  name: 'place_2',
  accepted: false,
  ssim: undefined,
  overlap: undefined,
  scale: undefined,
  bend: undefined,
  ransac: aComparison(0, { oursInCommon: undefined, theirsInCommon: undefined }),
});

describe('the figures over all pairs', () => {
  it('count a refused pair that the baseline solved as worse', () => {
    const { ransac, accepted } = summarise([aRow(), refused]);

    expect(accepted).toEqual({ hits: 1, of: 2 });
    expect(ransac!.atLeast).toEqual({ hits: 1, of: 2 });
    expect(ransac!.meanGain).toBeCloseTo(0.1);
  });

  it('name what was accepted and is visibly below the baseline', () => {
    const bad = aRow({ name: 'place_3', ransac: aComparison(-0.12) });

    const { ransac } = summarise([aRow(), bad]);

    expect(ransac!.confidentFailures).toEqual(['place_3']);
    expect(ransac!.atLeastVisibly).toEqual({ hits: 1, of: 2 });
  });

  it('count stretched, folded and shrunk alignments', () => {
    const rows = [
      aRow({ scale: [0.79, 1] }),
      aRow({ scale: [1, 1.26] }),
      aRow({ fault: 'folded' }),
      aRow({ overlap: 0.44 }),
    ];

    const summary = summarise(rows);

    expect(summary.scaleKept).toEqual({ hits: 2, of: 4 });
    expect(summary.folded).toEqual({ hits: 1, of: 4 });
    expect(summary.ransac!.overlapKept).toEqual({ hits: 3, of: 4 });
  });

  it('measure unrelated views by what was refused alone', () => {
    const unrelated = { kind: 'unrelated', ransac: undefined, magsacEcc: undefined } as const;

    const summary = summarise([
      aRow({ ...unrelated, accepted: false, confidence: 0.1 }),
      aRow({ ...unrelated, confidence: 0.6 }),
      aRow(),
    ]);

    expect(summary.unrelatedRefused).toEqual({ hits: 1, of: 2 });
    expect(summary.unrelatedMost).toBe(0.6);
    expect(summary.accepted).toEqual({ hits: 1, of: 1 });
  });

  it('group known truths and name the wrong ones that were accepted', () => {
    const rows = [0.2, 0.4, 9].map((errorPx, index) => aRow({ name: `flat_${index}`, errorPx }));

    const { truth } = summarise([...rows, aRow({ ...refused, name: 'bent_0', errorPx: Infinity })]);

    expect(truth['flat']).toMatchObject({ medianPx: 0.4, success: { hits: 2, of: 3 }, confidentFailures: ['flat_2'] });
    expect(truth['bent']).toMatchObject({ success: { hits: 0, of: 1 }, confidentFailures: [] });
  });

  it('count a pair that could not be measured as refused, strangers that could not for nothing, and name both', () => {
    const failure = 'right.jpg cannot be read';
    const rows = [
      aRow(),
      aRow({ ...refused, name: 'broken', failure }),
      aRow({ name: 'stranger', kind: 'unrelated', accepted: false, failure, ransac: undefined, magsacEcc: undefined }),
    ];

    const summary = summarise(rows);

    expect(summary.failed).toEqual(['broken', 'stranger']);
    expect(summary.accepted).toEqual({ hits: 1, of: 2 });
    expect(summary.ransac!.atLeast).toEqual({ hits: 1, of: 2 });
    expect(summary.unrelatedRefused).toEqual({ hits: 0, of: 0 });
    expect(summary.unrelatedMost).toBeUndefined();
    expect(summaryText(summary)).toContain('broken, stranger');
    expect(rowText(rows[1]!)).toContain(`failed: ${failure}`);
  });

  it('tell the threshold that was chosen without the pairs it is tried on', () => {
    const rows = ['a', 'b'].map((source) => aRow({ source, confidence: 0.9 }));

    expect(summaryText(summarise(rows))).toContain('threshold from the other sources   0.90 to 0.90 over 2 sources');
    expect(summaryText(summarise(rows.slice(1)))).not.toContain('other sources');
  });

  it('stay printable when nothing was measured', () => {
    const bare = aRow({ ...refused, ransac: undefined, magsacEcc: undefined });

    expect(rowText(bare)).toContain('refused');
    expect(summaryText(summarise([bare]))).toContain('accepted');
    expect(summaryText(summarise([]))).toContain('none of none');
  });
});

describe('the order of the contact sheet', () => {
  it('shows accepted strangers first, then what was refused, then what lost most', () => {
    const rows = [
      aRow({ name: 'gains' }),
      aRow({ name: 'loses', ransac: aComparison(-0.05) }),
      { ...refused, name: 'refused' },
      aRow({ name: 'stranger', kind: 'unrelated', ransac: undefined }),
      aRow({ name: 'refused stranger', kind: 'unrelated', accepted: false }),
    ];

    const order = rows.toSorted((a, b) => badness(b) - badness(a)).map(({ name }) => name);

    expect(order).toEqual(['stranger', 'refused', 'loses', 'gains', 'refused stranger']);
  });
});
