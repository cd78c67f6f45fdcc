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

/** Adds what a view shows around one node: luma sum to out, U and V sums behind it. */
@inline
function addView(source: usize, width: i32, height: i32, x: i32, y: i32, out: usize): void {
  const u = source + <usize>(width * height);
  const v = u + <usize>((width * height) >> 2);
  const cx = x >> 1;
  const cy = y >> 1;
  store<f64>(out, load<f64>(out) + <f64>blockSum(source, width, x, y, 8));
  store<f64>(out, load<f64>(out, 8) + <f64>blockSum(u, width >> 1, cx, cy, 4), 8);
  store<f64>(out, load<f64>(out, 16) + <f64>blockSum(v, width >> 1, cx, cy, 4), 16);
}

/** True when a block's mean tells about exposure: neither near black nor near saturation. */
@inline
function telling(sum: i32): bool {
  return sum > 24 * 64 && sum < 225 * 64;
}

/**
 * Adds up what both views show around the nodes that both cover, for matching their exposure. Node rows `firstRow` …
 * `lastRow` − 1. out, f64 × 7: blocks, then the sums of Y (64 samples a block), U and V (16) of the reference view, then
 * of the target view. Blocks near black or saturation in either view do not count.
 */
export function overlapSums(
  source0: usize, width0: i32, height0: i32, nodes0: usize, source1: usize, width1: i32, height1: i32, nodes1: usize,
  columns: i32, firstRow: i32, lastRow: i32, out: usize,
): void {
  memory.fill(out, 0, 56);
  const last = <usize>(lastRow * columns);
  for (let i = <usize>(firstRow * columns); i < last; i++) {
    const x0 = (load<i32>(nodes0 + i * NODE_BYTES) >> 16) - 4;
    const y0 = (load<i32>(nodes0 + i * NODE_BYTES, 4) >> 16) - 4;
    const x1 = (load<i32>(nodes1 + i * NODE_BYTES) >> 16) - 4;
    const y1 = (load<i32>(nodes1 + i * NODE_BYTES, 4) >> 16) - 4;
    if (x0 < 2 || y0 < 2 || x1 < 2 || y1 < 2) continue;
    if (x0 + 10 > width0 || y0 + 10 > height0 || x1 + 10 > width1 || y1 + 10 > height1) continue;
    if (!telling(blockSum(source0, width0, x0, y0, 8)) || !telling(blockSum(source1, width1, x1, y1, 8))) continue;
    store<f64>(out, load<f64>(out) + 1);
    addView(source0, width0, height0, x0, y0, out + 8);
    addView(source1, width1, height1, x1, y1, out + 32);
  }
}
