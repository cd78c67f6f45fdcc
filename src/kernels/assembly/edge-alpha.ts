import { EDGE, EDGE_BYTES, EDGE_CHROMA, NODE_BYTES, RUN_BYTES } from './layout';

/** min(at − 1, extent − 2 − at): distance inside the usable border on one axis. */
@inline
function insideOf(at: v128, last: v128): v128 {
  return f32x4.pmin(f32x4.sub(at, f32x4.splat(1)), f32x4.sub(last, at));
}

@inline
function positive(v: v128): v128 {
  return f32x4.pmax(v, f32x4.splat(0));
}

/** The coordinate of a node, offset 0: x, 4: y, in px. */
@inline
function coordinate(node: usize, offset: usize): f32 {
  return <f32>load<i32>(node + offset) * <f32>(1.0 / 65536.0);
}

/** The coordinate at row `t` (0 … 1) between a node and the one below it. */
@inline
function between(node: usize, below: usize, offset: usize, t: f32): f32 {
  const a = coordinate(node, offset);
  return a + (coordinate(below, offset) - a) * t;
}

/** Alpha 0 … 255 of four pixels, i32 lanes. */
@inline
function alphaOfFour(
  isTarget: bool, x0: v128, y0: v128, x1: v128, y1: v128, lastX0: v128, lastY0: v128, lastX1: v128, lastY1: v128, sharp: v128,
): v128 {
  const one = f32x4.splat(1);
  const half = f32x4.splat(0.5);
  const inX0 = insideOf(x0, lastX0);
  const inY0 = insideOf(y0, lastY0);
  if (!isTarget) {
    const cover = f32x4.pmin(positive(f32x4.pmin(inX0, inY0)), one);
    return i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.mul(cover, f32x4.splat(255)), half));
  }
  const inX1 = insideOf(x1, lastX1);
  const inY1 = insideOf(y1, lastY1);
  const w0 = f32x4.mul(positive(inX0), positive(inY0));
  const w1 = f32x4.mul(positive(inX1), positive(inY1));
  const share = f32x4.div(w1, f32x4.pmax(f32x4.add(w0, w1), f32x4.splat(1e-6)));
  const faded = f32x4.pmin(positive(f32x4.add(f32x4.mul(f32x4.sub(share, half), sharp), half)), one);
  const cover = f32x4.pmin(positive(f32x4.pmin(inX1, inY1)), one);
  return i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.mul(f32x4.mul(cover, faded), f32x4.splat(255)), half));
}

/** Left end and step per pixel of a coordinate in one pixel row of a cell. */
@inline
function ramp(left: f32, right: f32, first: i32): v128 {
  const step = (right - left) * <f32>(1.0 / 16.0);
  const lane = f32x4.add(f32x4.splat(<f32>first), f32x4(0, 1, 2, 3));
  return f32x4.add(f32x4.splat(left), f32x4.mul(f32x4.splat(step), lane));
}

/** Sixteen pixels of luma alpha of one cell row. */
@inline
function alphaRow(
  isTarget: bool, node0: usize, below0: usize, node1: usize, below1: usize, t: f32, out: usize,
  lastX0: v128, lastY0: v128, lastX1: v128, lastY1: v128, sharp: v128,
): void {
  const xa0 = between(node0, below0, 0, t);
  const ya0 = between(node0, below0, 4, t);
  const xb0 = between(node0, below0, 8, t);
  const yb0 = between(node0, below0, 12, t);
  const xa1 = isTarget ? between(node1, below1, 0, t) : 0;
  const ya1 = isTarget ? between(node1, below1, 4, t) : 0;
  const xb1 = isTarget ? between(node1, below1, 8, t) : 0;
  const yb1 = isTarget ? between(node1, below1, 12, t) : 0;
  for (let i = 0; i < 16; i += 8) {
    const low = alphaOfFour(
      isTarget, ramp(xa0, xb0, i), ramp(ya0, yb0, i), ramp(xa1, xb1, i), ramp(ya1, yb1, i),
      lastX0, lastY0, lastX1, lastY1, sharp,
    );
    const high = alphaOfFour(
      isTarget, ramp(xa0, xb0, i + 4), ramp(ya0, yb0, i + 4), ramp(xa1, xb1, i + 4), ramp(ya1, yb1, i + 4),
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

@inline
function viewEdges(
  isTarget: bool, nodes0: usize, width0: i32, height0: i32, nodes1: usize, width1: i32, height1: i32, columns: i32,
  runs: usize, rowRuns: usize, firstRow: i32, lastRow: i32, sharp: f32, edges: usize,
): void {
  const lastX0 = f32x4.splat(<f32>(width0 - 2));
  const lastY0 = f32x4.splat(<f32>(height0 - 2));
  const lastX1 = f32x4.splat(<f32>(width1 - 2));
  const lastY1 = f32x4.splat(<f32>(height1 - 2));
  const sharps = f32x4.splat(sharp);
  const rowBytes = <usize>columns * NODE_BYTES;
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
        for (let y = 0; y < 16; y++) {
          alphaRow(
            isTarget, nodes0 + at, nodes0 + at + rowBytes, nodes1 + at, nodes1 + at + rowBytes,
            <f32>y * <f32>(1.0 / 16.0), out + <usize>(y << 4), lastX0, lastY0, lastX1, lastY1, sharps,
          );
        }
        halve(out, out + EDGE_CHROMA);
      }
    }
  }
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
  if (isTarget) {
    viewEdges(true, nodes0, width0, height0, nodes1, width1, height1, columns, runs, rowRuns, firstRow, lastRow, sharp, edges);
  } else {
    viewEdges(false, nodes0, width0, height0, nodes1, width1, height1, columns, runs, rowRuns, firstRow, lastRow, sharp, edges);
  }
}
