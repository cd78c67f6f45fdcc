import { look, PART, WHOLE } from './cover';
import { COPY, EDGE, FULL_NODE, NODE_BYTES, PATH_SHIFT, RUN_BYTES, SCALAR, STEEP, WEIGHT_BYTES, WEIGHTS } from './layout';
import { coordinates, fade, insideOf, positive } from './view-weight';

/** Appends a cell to the runs of its row: joins the last run when the op is the same. @returns the end of the runs */
@inline
function append(end: usize, rowStart: usize, cell: i32, op: i32, edge: i32): usize {
  if (end > rowStart) {
    const last = end - RUN_BYTES;
    if (load<i32>(last, 8) == op && load<i32>(last) + load<i32>(last, 4) == cell) {
      store<i32>(last, load<i32>(last, 4) + 1, 4);
      return end;
    }
  }
  store<i32>(end, cell);
  store<i32>(end, 1, 4);
  store<i32>(end, op, 8);
  store<i32>(end, edge, 12);
  return end + RUN_BYTES;
}

/** Rough cost of a cell, in quarters of a copied one; only balances the strips. */
@inline
function cost(op: i32): i32 {
  if (op == 0) return 0;
  const path = op >> PATH_SHIFT;
  const blend = op & 3;
  return (blend == COPY ? 4 : blend == WEIGHTS ? 5 : 9) + (path == STEEP ? 2 : path == SCALAR ? 60 : 0);
}

/** Distances inside a view of four nodes, the x and the y axis one after the other. */
@inline
function insideX(node: usize, last: v128): v128 {
  return insideOf(coordinates(node, 0), last);
}

@inline
function insideY(node: usize, last: v128): v128 {
  return insideOf(coordinates(node, 1), last);
}

/**
 * How sharp the fade across the overlap must be so that it is about `feather` px wide: the overlap's width, where it is
 * widest, over `feather`; at least 1 (the whole overlap fades). count: a multiple of 4.
 */
function sharpness(
  nodes0: usize, width0: i32, height0: i32, nodes1: usize, width1: i32, height1: i32, count: i32, feather: f32,
): f32 {
  const lastX0 = f32x4.splat(<f32>(width0 - 2));
  const lastY0 = f32x4.splat(<f32>(height0 - 2));
  const lastX1 = f32x4.splat(<f32>(width1 - 2));
  const lastY1 = f32x4.splat(<f32>(height1 - 2));
  const zero = f32x4.splat(0);
  let widest = zero;
  const end = <usize>count * NODE_BYTES;
  for (let i: usize = 0; i < end; i += 4 * NODE_BYTES) {
    const d0 = f32x4.pmin(insideX(nodes0 + i, lastX0), insideY(nodes0 + i, lastY0));
    const d1 = f32x4.pmin(insideX(nodes1 + i, lastX1), insideY(nodes1 + i, lastY1));
    const both = v128.and(f32x4.gt(d0, zero), f32x4.gt(d1, zero));
    widest = f32x4.pmax(widest, v128.and(f32x4.add(d0, d1), both));
  }
  const a = Mathf.max(f32x4.extract_lane(widest, 0), f32x4.extract_lane(widest, 1));
  const b = Mathf.max(f32x4.extract_lane(widest, 2), f32x4.extract_lane(widest, 3));
  return Mathf.max(1, Mathf.max(a, b) / feather);
}

/** Weight of the target view at each node, from how far the node is inside both views. count: a multiple of 4. */
function nodeWeights(
  nodes0: usize, width0: i32, height0: i32, nodes1: usize, width1: i32, height1: i32, count: i32, sharp: f32, out: usize,
): void {
  const lastX0 = f32x4.splat(<f32>(width0 - 2));
  const lastY0 = f32x4.splat(<f32>(height0 - 2));
  const lastX1 = f32x4.splat(<f32>(width1 - 2));
  const lastY1 = f32x4.splat(<f32>(height1 - 2));
  const sharps = f32x4.splat(sharp);
  const full = f32x4.splat(32767);
  const half = f32x4.splat(0.5);
  const end = <usize>count * NODE_BYTES;
  for (let i: usize = 0; i < end; i += 4 * NODE_BYTES, out += 4 * WEIGHT_BYTES) {
    const w0 = f32x4.mul(positive(insideX(nodes0 + i, lastX0)), positive(insideY(nodes0 + i, lastY0)));
    const w1 = f32x4.mul(positive(insideX(nodes1 + i, lastX1)), positive(insideY(nodes1 + i, lastY1)));
    const q15 = i32x4.trunc_sat_f32x4_s(f32x4.add(f32x4.mul(fade(w0, w1, sharps), full), half));
    v128.store(out, i32x4.shl(q15, 8));
  }
}

/**
 * Decides for each cell of the canvas how each view is drawn, from the node grids of both.
 * weights: out, one a node; runs0/1, black: out, at most one run a cell; rowRuns0/1, rowBlack: out, first run of each
 * row of cells and the end; rowCosts: out, one a row. feather: width of the fade, px. @returns the sharpness of the fade
 */
export function planCells(
  nodes0: usize, width0: i32, height0: i32, nodes1: usize, width1: i32, height1: i32, columns: i32, rows: i32,
  feather: f32, weights: usize, runs0: usize, rowRuns0: usize, runs1: usize, rowRuns1: usize, black: usize, rowBlack: usize,
  rowCosts: usize,
): f32 {
  // The grids' slack is read as nodes too; it holds zeros, which lie outside every view.
  const count = (columns * rows + 3) & ~3;
  const sharp = sharpness(nodes0, width0, height0, nodes1, width1, height1, count, feather);
  nodeWeights(nodes0, width0, height0, nodes1, width1, height1, count, sharp, weights);
  let end0 = runs0;
  let end1 = runs1;
  let endBlack = black;
  let edges0 = 0;
  let edges1 = 0;
  for (let cy = 0; cy < rows - 1; cy++) {
    const start0 = end0;
    const start1 = end1;
    const startBlack = endBlack;
    let rowCost = 0;
    store<i32>(rowRuns0 + <usize>cy * 4, <i32>((end0 - runs0) / RUN_BYTES));
    store<i32>(rowRuns1 + <usize>cy * 4, <i32>((end1 - runs1) / RUN_BYTES));
    store<i32>(rowBlack + <usize>cy * 4, <i32>((endBlack - black) / RUN_BYTES));
    for (let cx = 0; cx < columns - 1; cx++) {
      const at = <usize>(cy * columns + cx);
      const seen0 = look(nodes0 + at * NODE_BYTES, columns, width0, height0);
      const seen1 = look(nodes1 + at * NODE_BYTES, columns, width1, height1);
      const cover0 = seen0 & 3;
      const cover1 = seen1 & 3;
      let blend0 = cover0 == WHOLE ? COPY : cover0 == PART ? EDGE : 0;
      let blend1 = cover1 == WHOLE ? COPY : cover1 == PART ? EDGE : 0;
      if (cover1 == WHOLE && cover0 == PART) blend1 = EDGE;
      if (cover1 == WHOLE && cover0 == WHOLE) {
        const w = weights + at * WEIGHT_BYTES;
        const v = w + <usize>columns * WEIGHT_BYTES;
        const least = min(min(load<i32>(w), load<i32>(w, 4)), min(load<i32>(v), load<i32>(v, 4)));
        const most = max(max(load<i32>(w), load<i32>(w, 4)), max(load<i32>(v), load<i32>(v, 4)));
        if (most == 0) blend1 = 0;
        else if (least == FULL_NODE) blend0 = 0;
        else blend1 = WEIGHTS;
      }
      const op0 = blend0 == 0 ? 0 : blend0 | (seen0 & ~3);
      const op1 = blend1 == 0 ? 0 : blend1 | (seen1 & ~3);
      if (op0) end0 = append(end0, start0, cx, op0, edges0);
      if (op1) end1 = append(end1, start1, cx, op1, edges1);
      if (blend0 == EDGE) edges0++;
      if (blend1 == EDGE) edges1++;
      if (blend0 != COPY && blend1 != COPY) endBlack = append(endBlack, startBlack, cx, COPY, 0);
      rowCost += cost(op0) + cost(op1);
    }
    store<i32>(rowCosts + <usize>cy * 4, rowCost);
  }
  store<i32>(rowRuns0 + <usize>(rows - 1) * 4, <i32>((end0 - runs0) / RUN_BYTES));
  store<i32>(rowRuns1 + <usize>(rows - 1) * 4, <i32>((end1 - runs1) / RUN_BYTES));
  store<i32>(rowBlack + <usize>(rows - 1) * 4, <i32>((endBlack - black) / RUN_BYTES));
  return sharp;
}
