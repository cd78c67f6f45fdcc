import { COPY, EDGE_BYTES, NODE_BYTES, PATH_SHIFT, FAST, RUN_BYTES, STEEP, WEIGHT_BYTES, WEIGHTS } from './layout';
import {
  alphaQ15, blendOver, fractionMask, gainOne, laneNumbers, lowBytes, pairFactor, pairOffset, putOne, rounding, rowUnits,
  sampleAllRows, sampleOne, sampleThreeRows, smaller, startRow, startWeights, stepRow, toBytes, withGain,
} from './lanes';

/** Eight samples from (x, y) in 20.12 on, one dx, dy apart (compose.md, section 4.2). 7 fractional bits. */
@inline
function eight(
  steep: bool, source: usize, stride: i32, x: i32, y: i32, dy7: i32, dxs: v128, dys: v128,
  low: v128, unit: v128, factor: v128, offset: v128, mask: v128,
): v128 {
  const row = smaller(y, y + dy7) >> 12;
  const xr = i16x8.add(i16x8.splat(<i16>(x & 0xfff)), dxs);
  const yr = i16x8.add(i16x8.splat(<i16>(y - (row << 12))), dys);
  const index = i16x8.add(i16x8.mul(i16x8.shr_u(xr, 12), factor), offset);
  const y8 = i16x8.shr_u(yr, 5);
  const fraction = v128.and(i16x8.shl(xr, 3), mask);
  const p = source + <usize>(row * stride + (x >> 12));
  if (steep) {
    const last = (dy7 < 0 ? y : y + dy7) >> 12;
    return sampleAllRows(p, <usize>stride, last - row + 2, index, y8, fraction, low);
  }
  const w0 = i16x8.sub_sat_u(unit, y8);
  const w2 = i16x8.sub_sat_u(y8, unit);
  return sampleThreeRows(p, <usize>stride, index, w0, i16x8.sub(i16x8.sub(unit, w0), w2), w2, fraction, low);
}

/** One pixel row of one run of cells, by SIMD. `steep` and `gain` are constants in each caller. */
@inline
function simdRun(
  blend: i32, steep: bool, gain: bool, source: usize, stride: i32, at: usize, node: usize, weight: usize, edge: usize,
  cells: i32, more: i32, add: i32,
): void {
  const low = lowBytes();
  const unit = rowUnits();
  const factor = pairFactor();
  const offset = pairOffset();
  const mask = fractionMask();
  const half = rounding();
  const lane = laneNumbers();
  const end = node + <usize>cells * NODE_BYTES;
  let x0 = load<i32>(node);
  let y0 = load<i32>(node, 4);
  for (; node < end; node += NODE_BYTES, at += 16) {
    const x1 = load<i32>(node, 8);
    const y1 = load<i32>(node, 12);
    const spanX = x1 - x0;
    const spanY = y1 - y0;
    const dy = spanY >> 8;
    const dxs = i16x8.mul(i16x8.splat(<i16>(spanX >> 8)), lane);
    const dys = i16x8.mul(i16x8.splat(<i16>dy), lane);
    let a = eight(steep, source, stride, x0 >> 4, y0 >> 4, dy * 7, dxs, dys, low, unit, factor, offset, mask);
    let b = eight(
      steep, source, stride, (x0 + (spanX >> 1)) >> 4, (y0 + (spanY >> 1)) >> 4, dy * 7, dxs, dys,
      low, unit, factor, offset, mask,
    );
    if (gain) {
      const black = i16x8.splat(2048);
      a = withGain(a, black, i16x8.splat(<i16>more), i16x8.splat(<i16>add));
      b = withGain(b, black, i16x8.splat(<i16>more), i16x8.splat(<i16>add));
    }
    if (blend == COPY) {
      v128.store(at, toBytes(a, b, half));
    } else {
      const under = v128.load(at);
      let alphaA: v128;
      let alphaB: v128;
      if (blend == WEIGHTS) {
        const w0 = load<i32>(weight) >> 8;
        const dw = ((load<i32>(weight, 4) >> 8) - w0) >> 4;
        alphaA = i16x8.add(i16x8.splat(<i16>w0), i16x8.mul(i16x8.splat(<i16>dw), lane));
        alphaB = i16x8.add(alphaA, i16x8.splat(<i16>(dw << 3)));
        weight += WEIGHT_BYTES;
      } else {
        const alpha = v128.load(edge);
        alphaA = alphaQ15(i16x8.extend_low_i8x16_u(alpha));
        alphaB = alphaQ15(i16x8.extend_high_i8x16_u(alpha));
        edge += EDGE_BYTES;
      }
      a = blendOver(i16x8.extend_low_i8x16_u(under), a, alphaA);
      b = blendOver(i16x8.extend_high_i8x16_u(under), b, alphaB);
      v128.store(at, toBytes(a, b, half));
    }
    x0 = x1;
    y0 = y1;
  }
}

function copyRun(source: usize, stride: i32, at: usize, node: usize, cells: i32): void {
  simdRun(1, false, false, source, stride, at, node, 0, 0, cells, 0, 0);
}

function weightsRun(source: usize, stride: i32, at: usize, node: usize, weight: usize, cells: i32): void {
  simdRun(2, false, false, source, stride, at, node, weight, 0, cells, 0, 0);
}

function edgeRun(source: usize, stride: i32, at: usize, node: usize, edge: usize, cells: i32): void {
  simdRun(3, false, false, source, stride, at, node, 0, edge, cells, 0, 0);
}

function gainRun(
  blend: i32, source: usize, stride: i32, at: usize, node: usize, weight: usize, edge: usize, cells: i32, more: i32, add: i32,
): void {
  simdRun(blend, false, true, source, stride, at, node, weight, edge, cells, more, add);
}

function steepRun(
  blend: i32, source: usize, stride: i32, at: usize, node: usize, weight: usize, edge: usize, cells: i32,
): void {
  simdRun(blend, true, false, source, stride, at, node, weight, edge, cells, 0, 0);
}

function steepGainRun(
  blend: i32, source: usize, stride: i32, at: usize, node: usize, weight: usize, edge: usize, cells: i32, more: i32, add: i32,
): void {
  simdRun(blend, true, true, source, stride, at, node, weight, edge, cells, more, add);
}

/** Any cell: mirrored, folded, upside down or shrunk beyond 2:1. Reads only inside the plane. */
function scalarRun(
  blend: i32, source: usize, stride: i32, width: i32, height: i32, at: usize, node: usize, weight: usize, edge: usize,
  cells: i32, gain: bool, more: i32, add: i32,
): void {
  const end = node + <usize>cells * NODE_BYTES;
  for (; node < end; node += NODE_BYTES, at += 16, weight += WEIGHT_BYTES, edge += EDGE_BYTES) {
    const x0 = load<i32>(node);
    const y0 = load<i32>(node, 4);
    const spanX = load<i32>(node, 8) - x0;
    const spanY = load<i32>(node, 12) - y0;
    const w0 = blend == WEIGHTS ? load<i32>(weight) >> 8 : 0;
    const dw = blend == WEIGHTS ? ((load<i32>(weight, 4) >> 8) - w0) >> 4 : 0;
    for (let i = 0; i < 16; i++) {
      const x = (i < 8 ? x0 >> 4 : (x0 + (spanX >> 1)) >> 4) + (spanX >> 8) * (i & 7);
      const y = (i < 8 ? y0 >> 4 : (y0 + (spanY >> 1)) >> 4) + (spanY >> 8) * (i & 7);
      let v = sampleOne(source, stride, width, height, x, y);
      if (gain) v = gainOne(v, 2048, more, add);
      let alpha = w0 + dw * i;
      if (blend == 3) {
        const alpha8 = <i32>load<u8>(edge + i);
        alpha = (alpha8 << 7) | (alpha8 >> 1);
      }
      putOne(at + i, v, alpha, blend == COPY);
    }
  }
}

/**
 * Draws the luma of one view into the cell rows `firstRow` … `lastRow` − 1 of the canvas.
 * nodes: node grid, `columns` nodes a row; weights: node weights or 0; runs, rowRuns: as planCells wrote them;
 * edges: alpha of the edge cells; scratch: 2 · (8 + 4) · (columns + 4) bytes of this thread; more, add: gain as in
 * withGain, used when `gain` is not 0.
 */
export function drawLuma(
  source: usize, stride: i32, height: i32, canvas: usize, canvasStride: i32, nodes: usize, weights: usize, columns: i32,
  runs: usize, rowRuns: usize, edges: usize, firstRow: i32, lastRow: i32, scratch: usize, gain: i32, more: i32, add: i32,
): void {
  const bytes = (<usize>columns * NODE_BYTES + 15) & ~15;
  const weightBytes = (<usize>columns * WEIGHT_BYTES + 15) & ~15;
  const step = scratch + bytes;
  const weight = step + bytes;
  const weightStep = weight + weightBytes;
  for (let cy = firstRow; cy < lastRow; cy++) {
    const first = runs + <usize>load<i32>(rowRuns + <usize>cy * 4) * RUN_BYTES;
    const last = runs + <usize>load<i32>(rowRuns + <usize>cy * 4, 4) * RUN_BYTES;
    if (first == last) continue;
    const top = <usize>cy * <usize>columns;
    const bottom = top + <usize>columns;
    startRow(scratch, step, nodes + top * NODE_BYTES, nodes + bottom * NODE_BYTES, bytes, false);
    if (weights) {
      startWeights(weight, weightStep, weights + top * WEIGHT_BYTES, weights + bottom * WEIGHT_BYTES, weightBytes, false);
    }
    for (let y = 0; y < 16; y++) {
      const line = canvas + <usize>((cy * 16 + y) * canvasStride);
      for (let run = first; run < last; run += RUN_BYTES) {
        const cell = load<i32>(run);
        const cells = load<i32>(run, 4);
        const op = load<i32>(run, 8);
        const edge = edges + <usize>load<i32>(run, 12) * EDGE_BYTES + <usize>(y << 4);
        const node = scratch + <usize>cell * NODE_BYTES;
        const w = weight + <usize>cell * WEIGHT_BYTES;
        const at = line + <usize>(cell << 4);
        const blend = op & 3;
        const path = op >> PATH_SHIFT;
        if (path == FAST) {
          if (gain) gainRun(blend, source, stride, at, node, w, edge, cells, more, add);
          else if (blend == COPY) copyRun(source, stride, at, node, cells);
          else if (blend == WEIGHTS) weightsRun(source, stride, at, node, w, cells);
          else edgeRun(source, stride, at, node, edge, cells);
        } else if (path == STEEP) {
          if (gain) steepGainRun(blend, source, stride, at, node, w, edge, cells, more, add);
          else steepRun(blend, source, stride, at, node, w, edge, cells);
        } else {
          scalarRun(blend, source, stride, stride, height, at, node, w, edge, cells, gain != 0, more, add);
        }
      }
      stepRow(scratch, step, bytes);
      if (weights) stepRow(weight, weightStep, weightBytes);
    }
  }
}
