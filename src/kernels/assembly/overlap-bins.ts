import { NODE_BYTES } from './layout';

/** Sum of 8 × 8 luma, or of 4 × 4 chroma, from (x, y) on. */
@inline
function blockSum(plane: usize, stride: i32, x: i32, y: i32, side: i32): i32 {
  let sum = 0;
  for (let row = 0; row < side; row++) {
    const at = plane + <usize>((y + row) * stride + x);
    for (let column = 0; column < side; column++) sum += <i32>load<u8>(at + <usize>column);
  }
  return sum;
}

/** Samples of luma in a block, and the luma of black that all of them hold. */
const LUMA_SAMPLES: i32 = 64;
const BLACK_SUM: i32 = 16 * LUMA_SAMPLES;

/** True when a block's mean tells about exposure: neither near black nor near saturation. */
@inline
function telling(sum: i32): bool {
  return sum > 24 * LUMA_SAMPLES && sum < 225 * LUMA_SAMPLES;
}

/** Bins of one quantity; two f64 each. */
const BINS: i32 = 64;

/** Puts a value into its bin of `bins`: its weight, and behind that the value times its weight. */
@inline
function put(bins: usize, value: f64, binsPerUnit: f64, weight: f64): void {
  const at = <i32>Math.floor(value * binsPerUnit) + BINS / 2;
  const bin = bins + <usize>(min(BINS - 1, max(0, at)) * 16);
  store<f64>(bin, load<f64>(bin) + weight);
  store<f64>(bin, load<f64>(bin, 8) + weight * value, 8);
}

/** Level of one chroma plane of a view around a node less that of the other view. */
@inline
function chromaDifference(plane0: usize, width0: i32, x0: i32, y0: i32, plane1: usize, width1: i32, x1: i32, y1: i32): f64 {
  const sum0 = blockSum(plane0, width0 >> 1, x0 >> 1, y0 >> 1, 4);
  const sum1 = blockSum(plane1, width1 >> 1, x1 >> 1, y1 >> 1, 4);
  return <f64>(sum0 - sum1) / 16;
}

/**
 * Compares what both views show around the nodes that both cover, for matching their exposure. Node rows `firstRow` …
 * `lastRow` − 1. out, f64: blocks, then 64 bins of weight and weighted value each for
 * - the luma above black, (reference − target) / (reference + target), 1/64 a bin; a block weighs what the darker view
 *   shows there, so that a lamp in one view alone weighs no more than what it hides;
 * - U and V, reference − target, one level a bin; all blocks weigh the same.
 * Values beyond the bins go into the outer ones. Blocks near black or saturation in either view do not count.
 */
export function overlapBins(
  source0: usize, width0: i32, height0: i32, nodes0: usize, source1: usize, width1: i32, height1: i32, nodes1: usize,
  columns: i32, firstRow: i32, lastRow: i32, out: usize,
): void {
  memory.fill(out, 0, 8 + 3 * BINS * 16);
  const u0 = source0 + <usize>(width0 * height0);
  const v0 = u0 + <usize>((width0 * height0) >> 2);
  const u1 = source1 + <usize>(width1 * height1);
  const v1 = u1 + <usize>((width1 * height1) >> 2);
  const last = <usize>(lastRow * columns);
  for (let i = <usize>(firstRow * columns); i < last; i++) {
    const x0 = (load<i32>(nodes0 + i * NODE_BYTES) >> 16) - 4;
    const y0 = (load<i32>(nodes0 + i * NODE_BYTES, 4) >> 16) - 4;
    const x1 = (load<i32>(nodes1 + i * NODE_BYTES) >> 16) - 4;
    const y1 = (load<i32>(nodes1 + i * NODE_BYTES, 4) >> 16) - 4;
    if (x0 < 2 || y0 < 2 || x1 < 2 || y1 < 2) continue;
    if (x0 + 10 > width0 || y0 + 10 > height0 || x1 + 10 > width1 || y1 + 10 > height1) continue;
    const luma0 = blockSum(source0, width0, x0, y0, 8);
    if (!telling(luma0)) continue;
    const luma1 = blockSum(source1, width1, x1, y1, 8);
    if (!telling(luma1)) continue;
    store<f64>(out, load<f64>(out) + 1);
    const total = <f64>(luma0 + luma1 - 2 * BLACK_SUM);
    put(out + 8, <f64>(luma0 - luma1) / total, BINS, <f64>(min(luma0, luma1) - BLACK_SUM));
    put(out + 8 + BINS * 16, chromaDifference(u0, width0, x0, y0, u1, width1, x1, y1), 1, 1);
    put(out + 8 + 2 * BINS * 16, chromaDifference(v0, width0, x0, y0, v1, width1, x1, y1), 1, 1);
  }
}
