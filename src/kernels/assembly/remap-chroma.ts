import { COPY, EDGE_BYTES, EDGE_CHROMA, FAST, NODE_BYTES, PATH_SHIFT, RUN_BYTES, STEEP, WEIGHT_BYTES, WEIGHTS } from './layout';
import {
  alphaQ15, blendOver, fractionMask, gainOne, laneNumbers, lowBytes, pairFactor, pairOffset, putOne, rounding, rowUnits,
  sampleAllRows, sampleOne, sampleThreeRows, smaller, startRow, startWeights, stepRow, toBytes, withGain,
} from './lanes';

/** One pixel row of one run of cells: eight samples of U and eight of V for each cell. */
@inline
function simdRun(
  blend: i32, steep: bool, gain: bool, source: usize, sourceV: usize, stride: i32, at: usize, toV: usize, node: usize,
  weight: usize, edge: usize, cells: i32, more: i32, addU: i32, addV: i32,
): void {
  const low = lowBytes();
  const unit = rowUnits();
  const factor = pairFactor();
  const offset = pairOffset();
  const mask = fractionMask();
  const half = rounding();
  const lane = laneNumbers();
  const end = node + <usize>cells * NODE_BYTES;
  const fromV = sourceV - source;
  let x0 = load<i32>(node);
  let y0 = load<i32>(node, 4);
  for (; node < end; node += NODE_BYTES, at += 8) {
    const x1 = load<i32>(node, 8);
    const y1 = load<i32>(node, 12);
    const dy = (y1 - y0) >> 7;
    const x = x0 >> 4;
    const y = y0 >> 4;
    const row = smaller(y, y + dy * 7) >> 12;
    const xr = i16x8.add(i16x8.splat(<i16>(x & 0xfff)), i16x8.mul(i16x8.splat(<i16>((x1 - x0) >> 7)), lane));
    const yr = i16x8.add(i16x8.splat(<i16>(y - (row << 12))), i16x8.mul(i16x8.splat(<i16>dy), lane));
    const index = i16x8.add(i16x8.mul(i16x8.shr_u(xr, 12), factor), offset);
    const y8 = i16x8.shr_u(yr, 5);
    const fraction = v128.and(i16x8.shl(xr, 3), mask);
    const p = source + <usize>(row * stride + (x >> 12));
    let u: v128;
    let v: v128;
    if (steep) {
      const rows = ((dy < 0 ? y : y + dy * 7) >> 12) - row + 2;
      u = sampleAllRows(p, <usize>stride, rows, index, y8, fraction, low);
      v = sampleAllRows(p + fromV, <usize>stride, rows, index, y8, fraction, low);
    } else {
      const w0 = i16x8.sub_sat_u(unit, y8);
      const w2 = i16x8.sub_sat_u(y8, unit);
      const w1 = i16x8.sub(i16x8.sub(unit, w0), w2);
      u = sampleThreeRows(p, <usize>stride, index, w0, w1, w2, fraction, low);
      v = sampleThreeRows(p + fromV, <usize>stride, index, w0, w1, w2, fraction, low);
    }
    if (gain) {
      const grey = i16x8.splat(16384);
      u = withGain(u, grey, i16x8.splat(<i16>more), i16x8.splat(<i16>addU));
      v = withGain(v, grey, i16x8.splat(<i16>more), i16x8.splat(<i16>addV));
    }
    if (blend != COPY) {
      let alpha: v128;
      if (blend == WEIGHTS) {
        const w0 = load<i32>(weight) >> 8;
        const dw = ((load<i32>(weight, 4) >> 8) - w0) >> 3;
        alpha = i16x8.add(i16x8.splat(<i16>w0), i16x8.mul(i16x8.splat(<i16>dw), lane));
        weight += WEIGHT_BYTES;
      } else {
        alpha = alphaQ15(i16x8.extend_low_i8x16_u(v128.load64_zero(edge)));
        edge += EDGE_BYTES;
      }
      u = blendOver(i16x8.extend_low_i8x16_u(v128.load64_zero(at)), u, alpha);
      v = blendOver(i16x8.extend_low_i8x16_u(v128.load64_zero(at + toV)), v, alpha);
    }
    const bytes = toBytes(u, v, half);
    v128.store64_lane(at, bytes, 0);
    v128.store64_lane(at + toV, bytes, 1);
    x0 = x1;
    y0 = y1;
  }
}

function copyRun(source: usize, sourceV: usize, stride: i32, at: usize, toV: usize, node: usize, cells: i32): void {
  simdRun(1, false, false, source, sourceV, stride, at, toV, node, 0, 0, cells, 0, 0, 0);
}

function weightsRun(
  source: usize, sourceV: usize, stride: i32, at: usize, toV: usize, node: usize, weight: usize, cells: i32,
): void {
  simdRun(2, false, false, source, sourceV, stride, at, toV, node, weight, 0, cells, 0, 0, 0);
}

function edgeRun(
  source: usize, sourceV: usize, stride: i32, at: usize, toV: usize, node: usize, edge: usize, cells: i32,
): void {
  simdRun(3, false, false, source, sourceV, stride, at, toV, node, 0, edge, cells, 0, 0, 0);
}

function gainRun(
  blend: i32, source: usize, sourceV: usize, stride: i32, at: usize, toV: usize, node: usize, weight: usize, edge: usize,
  cells: i32, more: i32, addU: i32, addV: i32,
): void {
  simdRun(blend, false, true, source, sourceV, stride, at, toV, node, weight, edge, cells, more, addU, addV);
}

function steepRun(
  blend: i32, source: usize, sourceV: usize, stride: i32, at: usize, toV: usize, node: usize, weight: usize, edge: usize,
  cells: i32,
): void {
  simdRun(blend, true, false, source, sourceV, stride, at, toV, node, weight, edge, cells, 0, 0, 0);
}

function steepGainRun(
  blend: i32, source: usize, sourceV: usize, stride: i32, at: usize, toV: usize, node: usize, weight: usize, edge: usize,
  cells: i32, more: i32, addU: i32, addV: i32,
): void {
  simdRun(blend, true, true, source, sourceV, stride, at, toV, node, weight, edge, cells, more, addU, addV);
}

/** Any cell, as in remap-luma.ts; `at` is a place in the U or in the V plane. */
function scalarRun(
  blend: i32, source: usize, width: i32, height: i32, at: usize, node: usize, weight: usize, edge: usize, cells: i32,
  gain: bool, more: i32, add: i32,
): void {
  const end = node + <usize>cells * NODE_BYTES;
  for (; node < end; node += NODE_BYTES, at += 8, weight += WEIGHT_BYTES, edge += EDGE_BYTES) {
    const x0 = load<i32>(node);
    const y0 = load<i32>(node, 4);
    const dx = (load<i32>(node, 8) - x0) >> 7;
    const dy = (load<i32>(node, 12) - y0) >> 7;
    const w0 = blend == WEIGHTS ? load<i32>(weight) >> 8 : 0;
    const dw = blend == WEIGHTS ? ((load<i32>(weight, 4) >> 8) - w0) >> 3 : 0;
    for (let i = 0; i < 8; i++) {
      let v = sampleOne(source, width, width, height, (x0 >> 4) + dx * i, (y0 >> 4) + dy * i);
      if (gain) v = gainOne(v, 16384, more, add);
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
 * Draws U and V of one view into the cell rows `firstRow` … `lastRow` − 1. source, canvas: the U planes; the V planes
 * follow them. stride, height, canvasStride: of a chroma plane. The rest is as in drawLuma.
 */
export function drawChroma(
  source: usize, stride: i32, height: i32, canvas: usize, canvasStride: i32, toV: usize, nodes: usize, weights: usize,
  columns: i32, runs: usize, rowRuns: usize, edges: usize, firstRow: i32, lastRow: i32, scratch: usize,
  gain: i32, more: i32, addU: i32, addV: i32,
): void {
  const bytes = (<usize>columns * NODE_BYTES + 15) & ~15;
  const weightBytes = (<usize>columns * WEIGHT_BYTES + 15) & ~15;
  const step = scratch + bytes;
  const weight = step + bytes;
  const weightStep = weight + weightBytes;
  const sourceV = source + <usize>(stride * height);
  for (let cy = firstRow; cy < lastRow; cy++) {
    const first = runs + <usize>load<i32>(rowRuns + <usize>cy * 4) * RUN_BYTES;
    const last = runs + <usize>load<i32>(rowRuns + <usize>cy * 4, 4) * RUN_BYTES;
    if (first == last) continue;
    const top = <usize>cy * <usize>columns;
    const bottom = top + <usize>columns;
    startRow(scratch, step, nodes + top * NODE_BYTES, nodes + bottom * NODE_BYTES, bytes, true);
    if (weights) {
      startWeights(weight, weightStep, weights + top * WEIGHT_BYTES, weights + bottom * WEIGHT_BYTES, weightBytes, true);
    }
    for (let y = 0; y < 8; y++) {
      const line = canvas + <usize>((cy * 8 + y) * canvasStride);
      for (let run = first; run < last; run += RUN_BYTES) {
        const cell = load<i32>(run);
        const cells = load<i32>(run, 4);
        const op = load<i32>(run, 8);
        const edge = edges + <usize>load<i32>(run, 12) * EDGE_BYTES + EDGE_CHROMA + <usize>(y << 3);
        const node = scratch + <usize>cell * NODE_BYTES;
        const w = weight + <usize>cell * WEIGHT_BYTES;
        const at = line + <usize>(cell << 3);
        const blend = op & 3;
        const path = op >> PATH_SHIFT;
        if (path == FAST) {
          if (gain) gainRun(blend, source, sourceV, stride, at, toV, node, w, edge, cells, more, addU, addV);
          else if (blend == COPY) copyRun(source, sourceV, stride, at, toV, node, cells);
          else if (blend == WEIGHTS) weightsRun(source, sourceV, stride, at, toV, node, w, cells);
          else edgeRun(source, sourceV, stride, at, toV, node, edge, cells);
        } else if (path == STEEP) {
          if (gain) steepGainRun(blend, source, sourceV, stride, at, toV, node, w, edge, cells, more, addU, addV);
          else steepRun(blend, source, sourceV, stride, at, toV, node, w, edge, cells);
        } else {
          scalarRun(blend, source, stride, height, at, node, w, edge, cells, gain != 0, more, addU);
          scalarRun(blend, sourceV, stride, height, at + toV, node, w, edge, cells, gain != 0, more, addV);
        }
      }
      stepRow(scratch, step, bytes);
      if (weights) stepRow(weight, weightStep, weightBytes);
    }
  }
}
