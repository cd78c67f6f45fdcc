import { OVERLAP_WORDS } from '../kernels/strip-layout.ts';

/** How much brighter and more tinted the reference view is where both views show the scene. */
export interface ViewDifference {
  /** Blocks of 8 × 8 px that were compared; below about 20 the rest says little. */
  readonly blocks: number;
  /** Natural logarithm of the reference's luma above black over the target's. */
  readonly luma: number;
  /** Levels of the reference less those of the target. */
  readonly u: number;
  readonly v: number;
}

/** Words of the bins of one quantity, two a bin. */
const QUANTITY_WORDS = (OVERLAP_WORDS - 1) / 3;
/** Bins on each side of the median that count: 14 % of the luma, three levels of U and V. */
const LUMA_REACH = 4;
const CHROMA_REACH = 3;

/**
 * The workers' bins as one difference: the mean of what lies around the median, so that a lamp, its halo or whoever
 * passes in one view alone does not count. @returns undefined when no block was usable
 */
export function viewDifference(bins: Float64Array): ViewDifference | undefined {
  const total = new Float64Array(OVERLAP_WORDS);
  for (let index = 0; index < bins.length; index += 1) total[index % OVERLAP_WORDS]! += bins[index]!;
  const blocks = total[0]!;
  if (blocks === 0) return undefined;
  const quantity = (index: number): Float64Array =>
    total.subarray(1 + index * QUANTITY_WORDS, 1 + (index + 1) * QUANTITY_WORDS);
  const share = middle(quantity(0), LUMA_REACH);
  return {
    blocks,
    luma: Math.log((1 + share) / (1 - share)),
    u: middle(quantity(1), CHROMA_REACH),
    v: middle(quantity(2), CHROMA_REACH),
  };
}

/** Mean of the values in the bin of the median and in `reach` bins on each side of it. */
function middle(bins: Float64Array, reach: number): number {
  let half = 0;
  for (let at = 0; at < bins.length; at += 2) half += bins[at]! / 2;
  let median = 0;
  for (let below = bins[0]!; below < half; below += bins[median]!) median += 2;
  let [weight, sum] = [0, 0];
  for (let at = Math.max(0, median - 2 * reach); at <= Math.min(bins.length - 2, median + 2 * reach); at += 2) {
    weight += bins[at]!;
    sum += bins[at + 1]!;
  }
  return sum / weight;
}
