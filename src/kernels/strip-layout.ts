import type { Size } from '../contract/pixels.ts';

/** Luma pixels along a side of a cell; canvases are whole cells. */
export const CELL_PX = 16;

/** Words of one run {first cell, number of cells, op, first edge cell}, i32 each. */
export const RUN_WORDS = 4;
const RUN_BYTES = 4 * RUN_WORDS;

/** Bytes of one edge cell's alpha: 16 × 16 for luma, then 8 × 8 for chroma. */
const EDGE_BYTES = 320;

/** Weight of the target view alone at a node. */
export const FULL_NODE = 32767 << 8;

/** Bytes of one plane of a backdrop: an i16 at each node, with 7 fractional bits; a multiple of 16. */
export function backdropPlaneBytes(grid: NodeGrid): number {
  return align(grid.columns * grid.rows * 2, 16);
}

/** Number of nodes and cells of a canvas. Node (i, j) is the centre of the canvas pixel (16 i, 16 j). */
export interface NodeGrid {
  readonly columns: number;
  readonly rows: number;
  readonly cellColumns: number;
  readonly cellRows: number;
  /** Bytes of one view's node grid {x, y}, i32 16.16, with slack for reading by 16 bytes; a multiple of 16. */
  readonly nodeBytes: number;
}

/** @throws RangeError when a side of the canvas is no positive multiple of 16 */
export function nodeGrid(canvas: Size): NodeGrid {
  const { widthPx, heightPx } = canvas;
  if (!(widthPx > 0 && heightPx > 0 && widthPx % CELL_PX === 0 && heightPx % CELL_PX === 0)) {
    throw new RangeError(`a canvas has sides divisible by 16, not ${widthPx} × ${heightPx}`);
  }
  const columns = widthPx / CELL_PX + 1;
  const rows = heightPx / CELL_PX + 1;
  const nodeBytes = align(columns * rows * 8, 16) + 32;
  return { columns, rows, cellColumns: columns - 1, cellRows: rows - 1, nodeBytes };
}

/**
 * Where a strip worker keeps what belongs to the geometry it shows. All of it is private to the worker, so that no two
 * threads write the same place: each worker advances the whole grids, which costs less than sharing them.
 */
export interface StripLayout {
  /** Shown node grids of the reference and the target view. */
  readonly nodes: readonly [number, number];
  /** Weight of the target view at each node, i32. */
  readonly weights: number;
  readonly runs: readonly [number, number];
  /** First run of each row of cells, and the end. */
  readonly rowRuns: readonly [number, number];
  /** Cells that are black before anything is drawn. */
  readonly black: number;
  readonly rowBlack: number;
  /** Cost of each row of cells, i32. */
  readonly rowCosts: number;
  readonly edges: readonly [number, number];
  readonly scratch: number;
  /** f64 × OVERLAP_WORDS of overlapBins. */
  readonly bins: number;
}

/** f64 results of overlapBins: blocks, then 64 bins of two words for each of luma, U and V. */
export const OVERLAP_WORDS = 1 + 3 * 64 * 2;

/** Lays out a strip worker's memory from `offset` (a multiple of 16) on. */
export function stripLayout(grid: NodeGrid, offset: number): { layout: StripLayout; bytes: number } {
  let next = offset;
  const take = (bytes: number): number => {
    const at = next;
    next += align(bytes, 16);
    return at;
  };
  const cells = grid.cellColumns * grid.cellRows;
  const layout: StripLayout = {
    nodes: [take(grid.nodeBytes), take(grid.nodeBytes)],
    weights: take(grid.columns * grid.rows * 4 + 32),
    runs: [take(cells * RUN_BYTES), take(cells * RUN_BYTES)],
    rowRuns: [take(grid.rows * 4), take(grid.rows * 4)],
    black: take(cells * RUN_BYTES),
    rowBlack: take(grid.rows * 4),
    rowCosts: take(grid.rows * 4),
    edges: [take(cells * EDGE_BYTES), take(cells * EDGE_BYTES)],
    scratch: take(24 * (grid.columns + 4)),
    bins: take(OVERLAP_WORDS * 8),
  };
  return { layout, bytes: next - offset };
}

function align(bytes: number, to: number): number {
  return Math.ceil(bytes / to) * to;
}
