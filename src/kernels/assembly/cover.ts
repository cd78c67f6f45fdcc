import { FAST, NODE_BYTES, PATH_SHIFT, SCALAR, STEEP } from './layout';

/** What a view covers of a cell. */
export const NONE: i32 = 0;
export const PART: i32 = 1;
export const WHOLE: i32 = 2;

/** Least of x and of y over the four corners of a cell: lanes x, y, x, y. */
@inline
function lowest(top: v128, bottom: v128): v128 {
  const low = i32x4.min_s(top, bottom);
  return i32x4.min_s(low, v128.shuffle<i32>(low, low, 2, 3, 0, 1));
}

@inline
function highest(top: v128, bottom: v128): v128 {
  const high = i32x4.max_s(top, bottom);
  return i32x4.max_s(high, v128.shuffle<i32>(high, high, 2, 3, 0, 1));
}

/** A pair of limits for x and y in every lane they belong to, 16.16. */
@inline
function limits(x: i32, y: i32): v128 {
  return v128.shuffle<i32>(i32x4.splat(x << 16), i32x4.splat(y << 16), 0, 4, 0, 4);
}

/** True when no pixel of the cell lies inside the usable border, 1 … extent − 2. */
@inline
function isOutside(low: v128, high: v128, width: i32, height: i32): bool {
  const before = i32x4.le_s(high, i32x4.splat(1 << 16));
  return v128.any_true(v128.or(before, i32x4.ge_s(low, limits(width - 2, height - 2))));
}

/** The same for the cell whose top left node is `node`. */
@inline
export function isUncovered(node: usize, columns: i32, width: i32, height: i32): bool {
  const top = v128.load(node);
  const bottom = v128.load(node + <usize>columns * NODE_BYTES);
  return isOutside(lowest(top, bottom), highest(top, bottom), width, height);
}

/** True when every lane of `v` lies within the limits. */
@inline
function within(v: v128, low: v128, high: v128): bool {
  return i32x4.all_true(v128.and(i32x4.ge_s(v, low), i32x4.le_s(v, high)));
}

/**
 * Coverage of the cell whose top left node is `node`, and above its two bits the path that can draw it.
 * Limits of the SIMD paths (compose.md, section 4.3), a little tighter because the row walk rounds down: 16 px of canvas
 * span 0 … 32 px of source; three rows are enough below 16 / 7 px of slope. They read what lies around a pixel, so no
 * corner may lie further than 48 px outside the view.
 */
@inline
export function look(node: usize, columns: i32, width: i32, height: i32): i32 {
  const top = v128.load(node);
  const bottom = v128.load(node + <usize>columns * NODE_BYTES);
  const low = lowest(top, bottom);
  const high = highest(top, bottom);
  if (isOutside(low, high, width, height)) return NONE;
  const isWhole =
    i32x4.all_true(i32x4.ge_s(low, i32x4.splat(2 << 16))) && i32x4.all_true(i32x4.le_s(high, limits(width - 3, height - 3)));
  const cover = isWhole ? WHOLE : PART;
  const isNear =
    i32x4.all_true(i32x4.ge_s(low, i32x4.splat(-48 << 16))) &&
    i32x4.all_true(i32x4.le_s(high, limits(width + 48, height + 48)));
  if (!isNear) return cover | (SCALAR << PATH_SHIFT);
  // Spans along the upper and along the lower edge: x, y, x, y.
  const spans = i32x4.sub(v128.shuffle<i32>(top, bottom, 2, 3, 6, 7), v128.shuffle<i32>(top, bottom, 0, 1, 4, 5));
  const most = (32 << 16) - 4096;
  const slope = 580 << 8;
  if (within(spans, i32x4(512, -slope, 512, -slope), i32x4(most, slope, most, slope))) return cover | (FAST << PATH_SHIFT);
  if (within(spans, i32x4(512, -most, 512, -most), i32x4(most, most, most, most))) return cover | (STEEP << PATH_SHIFT);
  return cover | (SCALAR << PATH_SHIFT);
}
