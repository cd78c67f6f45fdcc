import type { Comparison } from './evaluate-case.ts';

/** Share of a number of cases, for example 3 of 4. */
export interface Share {
  readonly hits: number;
  readonly of: number;
}

/** Counts the rows that fit. */
export function shareOf<T>(rows: readonly T[], isHit: (row: T) => boolean): Share {
  return { hits: rows.filter(isHit).length, of: rows.length };
}

/** SSIM over the common overlap, ours minus the baseline's; undefined where one of them is missing. */
export function gainOf(comparison: Comparison | undefined): number | undefined {
  const { oursInCommon, theirsInCommon } = comparison ?? {};
  return oursInCommon === undefined || theirsInCommon === undefined ? undefined : oursInCommon - theirsInCommon;
}
