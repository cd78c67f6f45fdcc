import type { SharedMemoryPlan } from '../contract/memory-plan.ts';
import type { Size } from '../contract/pixels.ts';
import { backdropPlaneBytes, CELL_PX, nodeGrid, type NodeGrid } from '../kernels/strip-layout.ts';

/** Panoramas from one look at the picture to the next: five a second are enough for what is blurred. */
const INTERVAL = 5;
/** Share of the way to the new colours at each look, so that nothing flickers. */
const STEP = 0.3;
/** Distance at which a cell's influence has fallen to 1 / e, cells. */
const REACH_CELLS = 5;
/** Kept of luma above black and of colour, so that the panorama stands out. */
const LUMA_SHARE = 0.45;
const CHROMA_SHARE = 0.7;
/** Limited-range black and no colour. */
const BLACK = 16;
const NEUTRAL = 128;
/** Fractional bits of the values at the nodes. */
const ONE = 128;
/** Cells that the views cover, then Y, U and V. */
const PLANES = 4;

/**
 * What shows where no view is, for `fill: blur`: the panorama's own colours, carried outwards from its border, blurred
 * and darkened. It lives at the nodes of the canvas in shared memory and is drawn by fillBackdrop.
 */
export class Backdrop {
  /** Where fillBackdrop finds it. */
  readonly byteOffset: number;
  readonly #canvas: Size;
  readonly #grid: NodeGrid;
  readonly #nodes: readonly [Int16Array, Int16Array, Int16Array];
  readonly #cells: readonly Float32Array[];
  /** Values at the nodes that are shown now, before rounding. */
  readonly #shown: readonly Float32Array[];
  #untilDue = 0;
  #isNew = true;

  constructor(memory: SharedMemoryPlan, canvas: Size) {
    this.#canvas = canvas;
    this.#grid = nodeGrid(canvas);
    const { columns, rows, cellColumns, cellRows } = this.#grid;
    const planeBytes = backdropPlaneBytes(this.#grid);
    this.byteOffset = memory.allocate(3 * planeBytes);
    const plane = (index: number): Int16Array =>
      new Int16Array(memory.memory.buffer, this.byteOffset + index * planeBytes, columns * rows);
    this.#nodes = [plane(0), plane(1), plane(2)];
    this.#cells = Array.from({ length: PLANES }, () => new Float32Array(cellColumns * cellRows));
    this.#shown = Array.from({ length: 3 }, () => new Float32Array(columns * rows));
    this.reset();
  }

  /** Black again; the next look shows its colours at once. */
  reset(): void {
    this.#untilDue = 0;
    this.#isNew = true;
    this.#nodes.forEach((nodes, plane) => nodes.fill((plane === 0 ? BLACK : NEUTRAL) * ONE));
  }

  /**
   * Called after each panorama that was drawn with it; looks at every fifth. No strip worker may draw meanwhile.
   * @param picture I420 of the canvas' size
   * @param isOpen 1 for each cell in which the backdrop shows, else 0
   */
  follow(picture: Uint8Array, isOpen: () => Uint8Array): void {
    if (this.#untilDue > 0) {
      this.#untilDue -= 1;
      return;
    }
    this.#untilDue = INTERVAL - 1;
    this.#sample(picture, isOpen());
    const { cellColumns, cellRows } = this.#grid;
    for (const plane of this.#cells) spread(plane, cellColumns, cellRows);
    this.#show();
  }

  /** Mean of 16 luma and 4 chroma values of each cell that the views cover wholly. */
  #sample(picture: Uint8Array, isOpen: Uint8Array): void {
    const { widthPx, heightPx } = this.#canvas;
    const half = widthPx / 2;
    const [weights, ...colours] = this.#cells as [Float32Array, Float32Array, Float32Array, Float32Array];
    const u = widthPx * heightPx;
    const v = u + u / 4;
    const mean = (start: number, stride: number, step: number, count: number): number => {
      let sum = 0;
      for (let y = 0; y < count; y += 1) {
        for (let x = 0; x < count; x += 1) sum += picture[start + (y * stride + x) * step] ?? 0;
      }
      return sum / (count * count);
    };
    for (let cell = 0; cell < weights.length; cell += 1) {
      const isCovered = isOpen[cell] === 0;
      const column = cell % this.#grid.cellColumns;
      const row = (cell - column) / this.#grid.cellColumns;
      const luma = row * CELL_PX * widthPx + column * CELL_PX;
      const chroma = (row * CELL_PX * half) / 2 + (column * CELL_PX) / 2;
      weights[cell] = isCovered ? 1 : 0;
      colours[0][cell] = isCovered ? mean(luma + 2 * widthPx + 2, widthPx, 4, 4) : 0;
      colours[1][cell] = isCovered ? mean(u + chroma + 2 * half + 2, half, 4, 2) : 0;
      colours[2][cell] = isCovered ? mean(v + chroma + 2 * half + 2, half, 4, 2) : 0;
    }
  }

  #show(): void {
    const { columns, rows, cellColumns, cellRows } = this.#grid;
    const [weights] = this.#cells as [Float32Array];
    const share = this.#isNew ? 1 : STEP;
    this.#isNew = false;
    for (let row = 0; row < rows; row += 1) {
      const above = Math.max(0, row - 1) * cellColumns;
      const below = Math.min(cellRows - 1, row) * cellColumns;
      for (let column = 0; column < columns; column += 1) {
        const left = Math.max(0, column - 1);
        const right = Math.min(cellColumns - 1, column);
        const sum = (plane: Float32Array): number =>
          (plane[above + left] ?? 0) +
          (plane[above + right] ?? 0) +
          (plane[below + left] ?? 0) +
          (plane[below + right] ?? 0);
        const weight = sum(weights);
        const node = row * columns + column;
        for (let plane = 0; plane < 3; plane += 1) {
          const zero = plane === 0 ? BLACK : NEUTRAL;
          const kept = plane === 0 ? LUMA_SHARE : CHROMA_SHARE;
          const colour = weight > 0 ? sum(this.#cells[plane + 1]!) / weight : zero;
          this.#move(plane, node, zero + (colour - zero) * kept, share);
        }
      }
    }
  }

  #move(plane: number, node: number, wanted: number, share: number): void {
    const shown = this.#shown[plane]!;
    const value = (shown[node] ?? 0) * (1 - share) + wanted * share;
    shown[node] = value;
    this.#nodes[plane]![node] = Math.round(Math.min(Math.max(value, 0), 255) * ONE);
  }
}

/** Adds to each cell what the others give it, falling off exponentially along both axes. In place. */
function spread(plane: Float32Array, columns: number, rows: number): void {
  for (let row = 0; row < rows; row += 1) spreadLine(plane, row * columns, 1, columns);
  for (let column = 0; column < columns; column += 1) spreadLine(plane, column, columns, rows);
}

const FALL = Math.exp(-1 / REACH_CELLS);
/** Longest line: 7680 px. */
const forward = new Float32Array(7680 / CELL_PX);

/** One line in two passes: from its start, then from its end, each value counted once. */
function spreadLine(plane: Float32Array, start: number, step: number, count: number): void {
  let sum = 0;
  for (let index = 0; index < count; index += 1) {
    sum = sum * FALL + (plane[start + index * step] ?? 0);
    forward[index] = sum;
  }
  let later = 0;
  for (let index = count - 1; index >= 0; index -= 1) {
    const at = start + index * step;
    const own = plane[at] ?? 0;
    plane[at] = (forward[index] ?? 0) + later;
    later = (later + own) * FALL;
  }
}
