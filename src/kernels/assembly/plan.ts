import {
  COPY, EDGE, FAST, FULL_NODE, NODE_BYTES, PATH_SHIFT, RUN_BYTES, SCALAR, STEEP, WEIGHT_BYTES, WEIGHTS,
} from './layout';
import { inside, pixels } from './view-weight';

/** What a view covers of a cell. */
const NONE: i32 = 0;
const PART: i32 = 1;
const WHOLE: i32 = 2;

// Limits of the SIMD paths (compose.md, section 4.3), a little tighter because the row walk rounds down: 16 px of
// canvas span 0 … 32 px of source; three rows are enough below 16 / 7 px of slope.
const SPAN_MIN: i32 = 512;
const SPAN_MAX: i32 = (32 << 16) - 4096;
const SLOPE_THREE_ROWS: i32 = 580 << 8;
/** SIMD paths read what lies around a pixel, so cells may not reach further than this outside the view. */
const REACH: i32 = 48 << 16;

/** First coordinate at which a view is drawn fully; the last is its mirror image. */
const FIRST_FULL: i32 = 2 << 16;

@inline
function coverOf(minX: i32, maxX: i32, minY: i32, maxY: i32, width: i32, height: i32): i32 {
  if (maxX <= 65536 || maxY <= 65536 || minX >= (width - 2) << 16 || minY >= (height - 2) << 16) return NONE;
  const whole = minX >= FIRST_FULL && minY >= FIRST_FULL && maxX <= (width - 3) << 16 && maxY <= (height - 3) << 16;
  return whole ? WHOLE : PART;
}

/** Coverage of the cell whose top left node is `node`, and in the upper bits the path that can draw it. */
function look(node: usize, columns: i32, width: i32, height: i32): i32 {
  const below = node + <usize>columns * NODE_BYTES;
  const xa = load<i32>(node);
  const ya = load<i32>(node, 4);
  const xb = load<i32>(node, 8);
  const yb = load<i32>(node, 12);
  const xc = load<i32>(below);
  const yc = load<i32>(below, 4);
  const xd = load<i32>(below, 8);
  const yd = load<i32>(below, 12);
  const minX = min(min(xa, xb), min(xc, xd));
  const maxX = max(max(xa, xb), max(xc, xd));
  const minY = min(min(ya, yb), min(yc, yd));
  const maxY = max(max(ya, yb), max(yc, yd));
  const cover = coverOf(minX, maxX, minY, maxY, width, height);
  if (cover == NONE) return NONE;
  const spanMin = min(xb - xa, xd - xc);
  const spanMax = max(xb - xa, xd - xc);
  const slope = max(abs(yb - ya), abs(yd - yc));
  const near =
    minX >= -REACH && minY >= -REACH && maxX <= (width << 16) + REACH && maxY <= (height << 16) + REACH;
  let path = SCALAR;
  if (near && spanMin >= SPAN_MIN && spanMax <= SPAN_MAX && slope <= SPAN_MAX) {
    path = slope <= SLOPE_THREE_ROWS ? FAST : STEEP;
  }
  return cover | (path << PATH_SHIFT);
}

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

/**
 * How sharp the fade across the overlap must be so that it is about `feather` px wide: the overlap's width, where it is
 * widest, over `feather`; at least 1 (the whole overlap fades).
 */
function sharpness(
  nodes0: usize, width0: i32, height0: i32, nodes1: usize, width1: i32, height1: i32, count: i32, feather: f32,
): f32 {
  let widest: f32 = 0;
  for (let i = 0; i < count; i++) {
    const a = nodes0 + <usize>i * NODE_BYTES;
    const b = nodes1 + <usize>i * NODE_BYTES;
    const d0 = Mathf.min(inside(pixels(load<i32>(a)), width0), inside(pixels(load<i32>(a, 4)), height0));
    const d1 = Mathf.min(inside(pixels(load<i32>(b)), width1), inside(pixels(load<i32>(b, 4)), height1));
    if (d0 > 0 && d1 > 0) widest = Mathf.max(widest, d0 + d1);
  }
  return Mathf.max(1, widest / feather);
}

/** Weight of the target view at each node, from how far the node is inside both views. */
function nodeWeights(
  nodes0: usize, width0: i32, height0: i32, nodes1: usize, width1: i32, height1: i32, count: i32, sharp: f32, out: usize,
): void {
  for (let i = 0; i < count; i++) {
    const a = nodes0 + <usize>i * NODE_BYTES;
    const b = nodes1 + <usize>i * NODE_BYTES;
    const w0 =
      Mathf.max(inside(pixels(load<i32>(a)), width0), 0) * Mathf.max(inside(pixels(load<i32>(a, 4)), height0), 0);
    const w1 =
      Mathf.max(inside(pixels(load<i32>(b)), width1), 0) * Mathf.max(inside(pixels(load<i32>(b, 4)), height1), 0);
    const share = w1 / Mathf.max(w0 + w1, <f32>1e-6);
    const faded = Mathf.min(Mathf.max((share - <f32>0.5) * sharp + <f32>0.5, 0), 1);
    store<i32>(out + <usize>i * WEIGHT_BYTES, (<i32>(faded * <f32>32767 + <f32>0.5)) << 8);
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
  const count = columns * rows;
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
