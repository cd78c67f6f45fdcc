import { RUN_BYTES } from './layout';

/**
 * Fills the cells of the given runs with black (Y 16, U and V 128). canvas: I420, width × height. Runs as planCells
 * writes them.
 */
export function fillBlack(
  canvas: usize, width: i32, height: i32, runs: usize, rowRuns: usize, firstRow: i32, lastRow: i32,
): void {
  const u = canvas + <usize>(width * height);
  const toV = <usize>((width * height) >> 2);
  for (let cy = firstRow; cy < lastRow; cy++) {
    const first = runs + <usize>load<i32>(rowRuns + <usize>cy * 4) * RUN_BYTES;
    const last = runs + <usize>load<i32>(rowRuns + <usize>cy * 4, 4) * RUN_BYTES;
    for (let run = first; run < last; run += RUN_BYTES) {
      const cell = load<i32>(run);
      const cells = <usize>load<i32>(run, 4);
      let line = canvas + <usize>(cy * 16 * width + cell * 16);
      for (let y = 0; y < 16; y++, line += <usize>width) memory.fill(line, 16, cells * 16);
      line = u + <usize>(cy * 4 * width + cell * 8);
      for (let y = 0; y < 8; y++, line += <usize>(width >> 1)) {
        memory.fill(line, 128, cells * 8);
        memory.fill(line + toV, 128, cells * 8);
      }
    }
  }
}
