import { laneNumbers, rounding, scaleQ15, toBytes } from './lanes';
import { RUN_BYTES } from './layout';

/** Value between two nodes, `at` of 0 … 32767. */
@inline
function between(from: i32, to: i32, at: i32): i16 {
  return <i16>(from + (((to - from) * at + 16384) >> 15));
}

/** Value of node `node` of a plane, and of the node below it, at a row of pixels. */
@inline
function atRow(plane: usize, node: usize, columns: i32, row: i32): v128 {
  const top = plane + node * 2;
  const bottom = top + <usize>columns * 2;
  return i16x8.splat(between(<i32>load<i16>(top), <i32>load<i16>(bottom), row));
}

/** 16 luma pixels of one row of a cell. */
@inline
function lumaRow(plane: usize, node: usize, columns: i32, row: i32, at: usize, across: v128, half: v128): void {
  const left = atRow(plane, node, columns, row);
  const span = i16x8.sub(atRow(plane, node + 1, columns, row), left);
  const first = i16x8.add(left, scaleQ15(span, across));
  const second = i16x8.add(left, scaleQ15(span, i16x8.add(across, i16x8.splat(8 << 11))));
  v128.store(at, toBytes(first, second, half));
}

/** 8 chroma pixels of one row of a cell. */
@inline
function chromaRow(plane: usize, node: usize, columns: i32, row: i32, at: usize, across: v128, half: v128): void {
  const left = atRow(plane, node, columns, row);
  const span = i16x8.sub(atRow(plane, node + 1, columns, row), left);
  const values = i16x8.add(left, scaleQ15(span, across));
  v128.store64_lane(at, toBytes(values, values, half), 0);
}

/**
 * Fills the cells of the given runs with a picture that is given at the nodes alone, bilinear. canvas: I420,
 * width × height. nodes: i16 with 7 fractional bits, 0 … 32640, `columns` a row; U and V follow Y after planeBytes each.
 * Runs as planCells writes them.
 */
export function fillBackdrop(
  canvas: usize, width: i32, height: i32, nodes: usize, columns: i32, planeBytes: usize, runs: usize, rowRuns: usize,
  firstRow: i32, lastRow: i32,
): void {
  const u = canvas + <usize>(width * height);
  const toV = <usize>((width * height) >> 2);
  const half = rounding();
  const luma = i16x8.shl(laneNumbers(), 11);
  const chroma = i16x8.shl(laneNumbers(), 12);
  for (let cy = firstRow; cy < lastRow; cy++) {
    const first = runs + <usize>load<i32>(rowRuns + <usize>cy * 4) * RUN_BYTES;
    const last = runs + <usize>load<i32>(rowRuns + <usize>cy * 4, 4) * RUN_BYTES;
    for (let run = first; run < last; run += RUN_BYTES) {
      const end = load<i32>(run) + load<i32>(run, 4);
      for (let cell = load<i32>(run); cell < end; cell++) {
        const node = <usize>(cy * columns + cell);
        let at = canvas + <usize>(cy * 16 * width + cell * 16);
        for (let y = 0; y < 16; y++, at += <usize>width) lumaRow(nodes, node, columns, y << 11, at, luma, half);
        at = u + <usize>(cy * 4 * width + cell * 8);
        for (let y = 0; y < 8; y++, at += <usize>(width >> 1)) {
          chromaRow(nodes + planeBytes, node, columns, y << 12, at, chroma, half);
          chromaRow(nodes + 2 * planeBytes, node, columns, y << 12, at + toV, chroma, half);
        }
      }
    }
  }
}
