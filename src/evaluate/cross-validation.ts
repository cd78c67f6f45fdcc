import type { Row } from './evaluate-case.ts';
import { gainOf, shareOf, type Share } from './share.ts';

/** Share of the pairs of the other sources that a threshold is set to refuse. */
const REFUSED = 0.02;

/**
 * What a threshold of the confidence reaches on pairs that it was not chosen with: for each source it is the value that
 * refuses 2 % of the pairs of all other sources.
 */
export interface CrossValidation {
  readonly sources: number;
  /** Least and largest threshold. */
  readonly thresholds: readonly [number, number];
  /** Pairs with at least the confidence that was found without their source. */
  readonly confident: Share;
  /** Of the pairs that the first baseline solves: confident, and our SSIM at least its own. Undefined without baselines. */
  readonly atLeast: Share | undefined;
  /** Pairs of unrelated views with at least the least threshold. */
  readonly unrelatedConfident: Share;
}

/** Undefined with fewer than two sources. */
export function crossValidate(rows: readonly Row[]): CrossValidation | undefined {
  const pairs = rows.filter(({ kind }) => kind === 'pair');
  const sources = [...new Set(pairs.map(({ source }) => source))];
  if (sources.length < 2) return undefined;
  const thresholds = new Map(sources.map((source) => [source, withoutSource(pairs, source)]));
  const isConfident = ({ source, confidence }: Row): boolean => confidence >= thresholds.get(source)!;
  const least = Math.min(...thresholds.values());
  const solved = pairs.filter(({ ransac }) => ransac?.solved === true);
  const unrelated = rows.filter(({ kind, failure }) => kind === 'unrelated' && failure === undefined);
  return {
    sources: sources.length,
    thresholds: [least, Math.max(...thresholds.values())],
    confident: shareOf(pairs, isConfident),
    atLeast:
      solved.length === 0 ? undefined : shareOf(solved, (row) => isConfident(row) && (gainOf(row.ransac) ?? -1) >= 0),
    unrelatedConfident: shareOf(unrelated, ({ confidence }) => confidence >= least),
  };
}

function withoutSource(pairs: readonly Row[], left: string): number {
  const others = pairs.filter(({ source }) => source !== left).map(({ confidence }) => confidence);
  return others.toSorted((a, b) => a - b)[Math.floor(REFUSED * others.length)]!;
}
