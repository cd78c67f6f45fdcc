import type { Size } from '../contract/pixels.ts';
import type { Kernels } from '../kernels/index.ts';
import type { NodeGrid, StripLayout } from '../kernels/strip-layout.ts';
import { backdropPlaneBytes, nodeGrid, stripLayout } from '../kernels/strip-layout.ts';
import type { StripWorkerData } from './strip-protocol.ts';
import { BACKDROP, CANVAS, FRAMES_LEFT, GAINS, MEASURE, SOURCES, TARGET_NODES } from './strip-protocol.ts';
import { GAIN_WORDS } from './view-gain.ts';

/** What a strip needs of its worker's data. */
export type StripOptions = Pick<
  StripWorkerData,
  'index' | 'workers' | 'canvas' | 'reference' | 'target' | 'layoutOffset' | 'featherPx'
>;

/** Draws one horizontal band of each panorama: whole rows of cells, chosen so that all bands cost about the same. */
export class Strip {
  readonly grid: NodeGrid;
  readonly layout: StripLayout;
  readonly #kernels: Kernels;
  readonly #options: StripOptions;
  readonly #views: readonly [Size, Size];
  readonly #rowCosts: Int32Array;
  #sharpness = 1;
  #firstRow = 0;
  #lastRow = 0;

  constructor(kernels: Kernels, options: StripOptions) {
    this.#kernels = kernels;
    this.#options = options;
    this.#views = [options.reference, options.target];
    this.grid = nodeGrid(options.canvas);
    this.layout = stripLayout(this.grid, options.layoutOffset).layout;
    this.#rowCosts = new Int32Array(kernels.memory.buffer, this.layout.rowCosts, this.grid.cellRows);
  }

  /** The band's rows of cells, the second one excluded. */
  get rows(): readonly [number, number] {
    return [this.#firstRow, this.#lastRow];
  }

  /** Carries out what the control block says. */
  draw(words: Int32Array): void {
    const framesLeft = words[FRAMES_LEFT] ?? 0;
    if (framesLeft > 0) this.#moveTo(words[TARGET_NODES] ?? 0, framesLeft);
    const canvas = words[CANVAS] ?? 0;
    this.#drawBackground(words[BACKDROP] ?? 0, canvas);
    this.#drawView(0, words, canvas);
    this.#drawView(1, words, canvas);
    if (words[MEASURE] === 1) this.#measure(words);
  }

  #moveTo(target: number, framesLeft: number): void {
    const { nodes } = this.layout;
    const { nodeBytes } = this.grid;
    this.#kernels.raw.advanceNodes(nodes[0], target, nodeBytes, 1 / framesLeft);
    this.#kernels.raw.advanceNodes(nodes[1], target + nodeBytes, nodeBytes, 1 / framesLeft);
    this.#plan();
    this.#cutBand();
    this.#edges(0);
    this.#edges(1);
  }

  #plan(): void {
    const { nodes, weights, runs, rowRuns, black, rowBlack, rowCosts } = this.layout;
    const [reference, target] = this.#views;
    this.#sharpness = this.#kernels.raw.planCells(
      nodes[0],
      reference.widthPx,
      reference.heightPx,
      nodes[1],
      target.widthPx,
      target.heightPx,
      this.grid.columns,
      this.grid.rows,
      this.#options.featherPx,
      weights,
      runs[0],
      rowRuns[0],
      runs[1],
      rowRuns[1],
      black,
      rowBlack,
      rowCosts,
    );
  }

  /** Every worker cuts the same way from the same costs, so nobody has to be told. */
  #cutBand(): void {
    const { index, workers } = this.#options;
    const rows = this.grid.cellRows;
    let total = 0;
    // One more for each row: black rows cost a little too, and no band may be endless.
    for (let row = 0; row < rows; row += 1) total += (this.#rowCosts[row] ?? 0) + 1;
    let sum = 0;
    this.#firstRow = index === 0 ? 0 : rows;
    this.#lastRow = rows;
    for (let row = 0; row < rows; row += 1) {
      if (sum < (total * index) / workers) this.#firstRow = row + 1;
      sum += (this.#rowCosts[row] ?? 0) + 1;
      if (sum >= (total * (index + 1)) / workers) {
        this.#lastRow = row + 1;
        break;
      }
    }
  }

  #edges(view: 0 | 1): void {
    const { nodes, runs, rowRuns, edges } = this.layout;
    const [reference, target] = this.#views;
    this.#kernels.raw.edgeAlpha(
      view,
      nodes[0],
      reference.widthPx,
      reference.heightPx,
      nodes[1],
      target.widthPx,
      target.heightPx,
      this.grid.columns,
      runs[view],
      rowRuns[view],
      this.#firstRow,
      this.#lastRow,
      this.#sharpness,
      edges[view],
    );
  }

  #drawBackground(backdrop: number, canvas: number): void {
    const { widthPx, heightPx } = this.#options.canvas;
    const { black, rowBlack } = this.layout;
    if (backdrop === 0) {
      this.#kernels.raw.fillBlack(canvas, widthPx, heightPx, black, rowBlack, this.#firstRow, this.#lastRow);
      return;
    }
    this.#kernels.raw.fillBackdrop(
      canvas,
      widthPx,
      heightPx,
      backdrop,
      this.grid.columns,
      backdropPlaneBytes(this.grid),
      black,
      rowBlack,
      this.#firstRow,
      this.#lastRow,
    );
  }

  #drawView(view: 0 | 1, words: Int32Array, canvas: number): void {
    const { nodes, weights, runs, rowRuns, edges, scratch } = this.layout;
    const { widthPx, heightPx } = this.#views[view];
    const { widthPx: canvasWidth, heightPx: canvasHeight } = this.#options.canvas;
    const source = words[SOURCES + view] ?? 0;
    const gain = GAINS + view * GAIN_WORDS;
    const viewWeights = view === 0 ? 0 : weights;
    this.#kernels.raw.drawLuma(
      source,
      widthPx,
      heightPx,
      canvas,
      canvasWidth,
      nodes[view],
      viewWeights,
      this.grid.columns,
      runs[view],
      rowRuns[view],
      edges[view],
      this.#firstRow,
      this.#lastRow,
      scratch,
      words[gain] ?? 0,
      words[gain + 1] ?? 0,
      words[gain + 2] ?? 0,
    );
    this.#kernels.raw.drawChroma(
      source + widthPx * heightPx,
      widthPx / 2,
      heightPx / 2,
      canvas + canvasWidth * canvasHeight,
      canvasWidth / 2,
      (canvasWidth * canvasHeight) / 4,
      nodes[view],
      viewWeights,
      this.grid.columns,
      runs[view],
      rowRuns[view],
      edges[view],
      this.#firstRow,
      this.#lastRow,
      scratch,
      words[gain] ?? 0,
      words[gain + 3] ?? 0,
      words[gain + 4] ?? 0,
      words[gain + 5] ?? 0,
    );
  }

  #measure(words: Int32Array): void {
    const { nodes, bins } = this.layout;
    const [reference, target] = this.#views;
    this.#kernels.raw.overlapBins(
      words[SOURCES] ?? 0,
      reference.widthPx,
      reference.heightPx,
      nodes[0],
      words[SOURCES + 1] ?? 0,
      target.widthPx,
      target.heightPx,
      nodes[1],
      this.grid.columns,
      this.#firstRow,
      this.#lastRow,
      bins,
    );
  }
}
