import { isUncovered } from './cover';
import { EDGE, EDGE_BYTES, EDGE_CHROMA, NODE_BYTES, RUN_BYTES } from './layout';
import { fade, insideOf, positive } from './view-weight';

/** Alpha 0 … 255 of four pixels of the view 1 whose coordinates are given, i32 lanes; fades: over a view 0 below it. */
@inline
function alphaOfFour(
  fades: bool, x0: v128, y0: v128, x1: v128, y1: v128, lastX0: v128, lastY0: v128, lastX1: v128, lastY1: v128, sharp: v128,
): v128 {
  const inX1 = insideOf(x1, lastX1);
  const inY1 = insideOf(y1, lastY1);
  let alpha = f32x4.pmin(positive(f32x4.pmin(inX1, inY1)), f32x4.splat(1));
  if (fades) {
    const w0 = f32x4.mul(positive(insideOf(x0, lastX0)), positive(insideOf(y0, lastY0)));
    const w1 = f32x4.mul(positive(inX1), positive(inY1));
    alpha = f32x4.mul(alpha, fade(w0, w1, sharp));
  }
  return i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.mul(alpha, f32x4.splat(255)), f32x4.splat(0.5)));
}

/** The two nodes at `node` in px: lanes x, y of the left one, then of the right one. */
@inline
function nodePair(node: usize): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(v128.load(node)), f32x4.splat(<f32>(1.0 / 65536.0)));
}

/** Both ends of a pixel row of a cell; t: 0 … 1 from the upper to the lower nodes. */
@inline
function rowEnds(top: v128, bottom: v128, t: v128): v128 {
  return f32x4.add(top, f32x4.mul(f32x4.sub(bottom, top), t));
}

/** True when both ends of the row lie beyond the same border, so that no pixel between them is inside. */
@inline
function isEmpty(ends: v128, last: v128): bool {
  const before = f32x4.le(ends, f32x4.splat(1));
  const after = f32x4.ge(ends, last);
  const bothBefore = v128.and(before, v128.shuffle<i32>(before, before, 2, 3, 0, 1));
  return v128.any_true(v128.or(bothBefore, v128.and(after, v128.shuffle<i32>(after, after, 2, 3, 0, 1))));
}

/** True when both ends, and so all pixels between them, are inside by a pixel or more. */
@inline
function isFull(ends: v128, last: v128): bool {
  return i32x4.all_true(f32x4.ge(insideOf(ends, last), f32x4.splat(1)));
}

/** x (axis 0) or y of pixel `first` and the three behind it. */
@inline
function ramp(ends: v128, axis: u8, first: i32): v128 {
  const left = axis == 0 ? v128.shuffle<i32>(ends, ends, 0, 0, 0, 0) : v128.shuffle<i32>(ends, ends, 1, 1, 1, 1);
  const right = axis == 0 ? v128.shuffle<i32>(ends, ends, 2, 2, 2, 2) : v128.shuffle<i32>(ends, ends, 3, 3, 3, 3);
  const step = f32x4.mul(f32x4.sub(right, left), f32x4.splat(<f32>(1.0 / 16.0)));
  return f32x4.add(left, f32x4.mul(step, f32x4.add(f32x4.splat(<f32>first), f32x4(0, 1, 2, 3))));
}

/** Sixteen pixels of luma alpha of one cell row; ends0 is not read when `fades` is false. */
@inline
function alphaRow(fades: bool, ends0: v128, last0: v128, ends1: v128, last1: v128, sharp: v128, out: usize): void {
  const lastX0 = v128.shuffle<i32>(last0, last0, 0, 0, 0, 0);
  const lastY0 = v128.shuffle<i32>(last0, last0, 1, 1, 1, 1);
  const lastX1 = v128.shuffle<i32>(last1, last1, 0, 0, 0, 0);
  const lastY1 = v128.shuffle<i32>(last1, last1, 1, 1, 1, 1);
  for (let i = 0; i < 16; i += 8) {
    const low = alphaOfFour(
      fades, ramp(ends0, 0, i), ramp(ends0, 1, i), ramp(ends1, 0, i), ramp(ends1, 1, i),
      lastX0, lastY0, lastX1, lastY1, sharp,
    );
    const high = alphaOfFour(
      fades, ramp(ends0, 0, i + 4), ramp(ends0, 1, i + 4), ramp(ends1, 0, i + 4), ramp(ends1, 1, i + 4),
      lastX0, lastY0, lastX1, lastY1, sharp,
    );
    const words = i16x8.narrow_i32x4_s(low, high);
    v128.store64_lane(out + <usize>i, i8x16.narrow_i16x8_u(words, words), 0);
  }
}

/**
 * Chroma alpha of one cell: the least of 2 × 2 luma alphas. Where it is above 0 all four pixels lie inside the view, so
 * the chroma sample between them does not reach beyond its plane, which the SIMD paths rely on.
 */
@inline
function halve(luma: usize, chroma: usize): void {
  for (let y: usize = 0; y < 8; y++) {
    const a = v128.load(luma + y * 32);
    const b = v128.load(luma + y * 32, 16);
    const rows = i8x16.min_u(a, b);
    const least = i16x8.min_u(v128.and(rows, i16x8.splat(255)), i16x8.shr_u(rows, 8));
    v128.store64_lane(chroma + y * 8, i8x16.narrow_i16x8_u(least, least), 0);
  }
}

/** Alpha of one edge cell of view 1, faded against view 0 when `fades`; most rows are all inside or all outside. */
@inline
function cellAlpha(fades: bool, node0: usize, last0: v128, node1: usize, last1: v128, columns: i32, sharp: v128, out: usize): void {
  const rowBytes = <usize>columns * NODE_BYTES;
  const top1 = nodePair(node1);
  const bottom1 = nodePair(node1 + rowBytes);
  const top0 = fades ? nodePair(node0) : top1;
  const bottom0 = fades ? nodePair(node0 + rowBytes) : bottom1;
  for (let y = 0; y < 16; y++) {
    const t = f32x4.splat(<f32>y * <f32>(1.0 / 16.0));
    const ends1 = rowEnds(top1, bottom1, t);
    const line = out + <usize>(y << 4);
    if (isEmpty(ends1, last1)) {
      v128.store(line, i8x16.splat(0));
      continue;
    }
    if (fades) {
      const ends0 = rowEnds(top0, bottom0, t);
      // Where the reference view does not reach there is nothing to fade from.
      if (!isEmpty(ends0, last0)) {
        alphaRow(true, ends0, last0, ends1, last1, sharp, line);
        continue;
      }
    }
    if (isFull(ends1, last1)) v128.store(line, i8x16.splat(-1));
    else alphaRow(false, ends1, last1, ends1, last1, sharp, line);
  }
  halve(out, out + EDGE_CHROMA);
}

function coverAlpha(node: usize, last: v128, columns: i32, out: usize): void {
  cellAlpha(false, node, last, node, last, columns, last, out);
}

function fadeAlpha(node0: usize, last0: v128, node1: usize, last1: v128, columns: i32, sharp: v128, out: usize): void {
  cellAlpha(true, node0, last0, node1, last1, columns, sharp, out);
}

/** The last usable x and y of a view: lanes x, y, x, y. */
@inline
function lastOf(width: i32, height: i32): v128 {
  return v128.shuffle<i32>(f32x4.splat(<f32>(width - 2)), f32x4.splat(<f32>(height - 2)), 0, 4, 0, 4);
}

/**
 * Alpha of the edge cells of one view in the given cell rows: how opaque it lies over what was drawn before. The
 * reference view: its coverage, soft over 1 px. The target view: the same times its share of the fade.
 * isTarget: 0 or 1; runs, rowRuns: of that view; sharp: as planCells returned it; edges: out, EDGE_BYTES a cell.
 */
export function edgeAlpha(
  isTarget: i32, nodes0: usize, width0: i32, height0: i32, nodes1: usize, width1: i32, height1: i32, columns: i32,
  runs: usize, rowRuns: usize, firstRow: i32, lastRow: i32, sharp: f32, edges: usize,
): void {
  const last0 = lastOf(width0, height0);
  const last1 = lastOf(width1, height1);
  const sharps = f32x4.splat(sharp);
  for (let cy = firstRow; cy < lastRow; cy++) {
    const first = runs + <usize>load<i32>(rowRuns + <usize>cy * 4) * RUN_BYTES;
    const last = runs + <usize>load<i32>(rowRuns + <usize>cy * 4, 4) * RUN_BYTES;
    for (let run = first; run < last; run += RUN_BYTES) {
      if ((load<i32>(run, 8) & 3) != EDGE) continue;
      const cell = load<i32>(run);
      const cells = load<i32>(run, 4);
      let out = edges + <usize>load<i32>(run, 12) * EDGE_BYTES;
      for (let cx = cell; cx < cell + cells; cx++, out += EDGE_BYTES) {
        const at = <usize>(cy * columns + cx) * NODE_BYTES;
        if (!isTarget) coverAlpha(nodes0 + at, last0, columns, out);
        else if (isUncovered(nodes0 + at, columns, width0, height0)) coverAlpha(nodes1 + at, last1, columns, out);
        else fadeAlpha(nodes0 + at, last0, nodes1 + at, last1, columns, sharps, out);
      }
    }
  }
}
