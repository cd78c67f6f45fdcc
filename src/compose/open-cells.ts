import type { SharedMemoryPlan } from '../contract/memory-plan.ts';
import { type NodeGrid, RUN_WORDS, stripLayout } from '../kernels/strip-layout.ts';

/**
 * Reads from a strip worker's plan in which cells the background shows, wholly or at a view's border.
 * @param layoutOffset start of the worker's memory; it must not be drawing when the function is called
 * @returns a function that gives 1 for such a cell, else 0; always the same array
 */
export function openCellsOf(memory: SharedMemoryPlan, grid: NodeGrid, layoutOffset: number): () => Uint8Array {
  const { layout } = stripLayout(grid, layoutOffset);
  const cells = grid.cellColumns * grid.cellRows;
  const runs = new Int32Array(memory.memory.buffer, layout.black, cells * RUN_WORDS);
  const rowRuns = new Int32Array(memory.memory.buffer, layout.rowBlack, grid.rows);
  const isOpen = new Uint8Array(cells);
  return () => {
    isOpen.fill(0);
    for (let row = 0; row < grid.cellRows; row += 1) {
      for (let run = rowRuns[row] ?? 0; run < (rowRuns[row + 1] ?? 0); run += 1) {
        const first = row * grid.cellColumns + (runs[run * RUN_WORDS] ?? 0);
        isOpen.fill(1, first, first + (runs[run * RUN_WORDS + 1] ?? 0));
      }
    }
    return isOpen;
  };
}
