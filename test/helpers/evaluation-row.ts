import type { Row } from '../../src/evaluate/evaluate-case.ts';

/** One accepted pair that is aligned better than by both baselines. */
export function aRow(changes: Partial<Row> = {}): Row {
  const besides = (gain: number): Row['ransac'] => ({
    solved: true,
    inliers: 99,
    ssim: 0.7,
    overlap: 0.5,
    errorPx: undefined,
    oursInCommon: 0.7 + gain,
    theirsInCommon: 0.7,
  });
  return {
    name: 'place_1',
    kind: 'pair',
    source: 'place',
    accepted: true,
    confidence: 0.97,
    reason: '',
    fault: undefined,
    failure: undefined,
    ssim: 0.8,
    psnrDb: 25,
    errorPx: undefined,
    overlap: 0.5,
    scale: [0.95, 1.05],
    bend: [0.97, 1.03],
    ransac: besides(0.1),
    magsacEcc: besides(0.05),
    ...changes,
  };
}
