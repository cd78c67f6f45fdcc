/**
 * The functions of kernels.wasm (src/kernels/assembly). All addresses are byte offsets into the shared memory; nothing
 * is checked inside, the callers see to sizes. Grids, runs and alpha are laid out by strip-layout.ts. Coordinates in
 * nodes are integer-centre source pixels in signed 16.16 fixed point.
 */
export interface KernelExports {
  /** Evaluates a thin-plate spline at every node; see assembly/nodes.ts. */
  tpsNodes(
    control: number,
    count: number,
    affine: number,
    x0: number,
    y0: number,
    stepX: number,
    stepY: number,
    columns: number,
    rows: number,
    out: number,
  ): void;
  /** shown += trunc((to − shown) · share); a share of 1 copies. `bytes` is a multiple of 16. */
  advanceNodes(shown: number, to: number, bytes: number, share: number): void;
  /** Decides op, runs, node weights and cost of every cell; returns the sharpness of the fade. See assembly/plan.ts. */
  planCells(
    nodes0: number,
    width0: number,
    height0: number,
    nodes1: number,
    width1: number,
    height1: number,
    columns: number,
    rows: number,
    feather: number,
    weights: number,
    runs0: number,
    rowRuns0: number,
    runs1: number,
    rowRuns1: number,
    black: number,
    rowBlack: number,
    rowCosts: number,
  ): number;
  /** Alpha of the edge cells of one view in rows of cells; see assembly/edge-alpha.ts. */
  edgeAlpha(
    isTarget: number,
    nodes0: number,
    width0: number,
    height0: number,
    nodes1: number,
    width1: number,
    height1: number,
    columns: number,
    runs: number,
    rowRuns: number,
    firstRow: number,
    lastRow: number,
    sharp: number,
    edges: number,
  ): void;
  /** Black (Y 16, U V 128) in the cells of the given runs. */
  fillBlack(
    canvas: number,
    width: number,
    height: number,
    runs: number,
    rowRuns: number,
    firstRow: number,
    lastRow: number,
  ): void;
  /** A picture given at the nodes, bilinear, in the cells of the given runs; see assembly/backdrop.ts. */
  fillBackdrop(
    canvas: number,
    width: number,
    height: number,
    nodes: number,
    columns: number,
    planeBytes: number,
    runs: number,
    rowRuns: number,
    firstRow: number,
    lastRow: number,
  ): void;
  /** Draws the luma of one view into rows of cells; see assembly/remap-luma.ts. */
  drawLuma(
    source: number,
    stride: number,
    height: number,
    canvas: number,
    canvasStride: number,
    nodes: number,
    weights: number,
    columns: number,
    runs: number,
    rowRuns: number,
    edges: number,
    firstRow: number,
    lastRow: number,
    scratch: number,
    gain: number,
    more: number,
    add: number,
  ): void;
  /** Draws U and V of one view into rows of cells; see assembly/remap-chroma.ts. */
  drawChroma(
    source: number,
    stride: number,
    height: number,
    canvas: number,
    canvasStride: number,
    toV: number,
    nodes: number,
    weights: number,
    columns: number,
    runs: number,
    rowRuns: number,
    edges: number,
    firstRow: number,
    lastRow: number,
    scratch: number,
    gain: number,
    more: number,
    addU: number,
    addV: number,
  ): void;
  /** Compares what both views show where both cover the canvas; f64 × 385 at `out`, see assembly/overlap-bins.ts. */
  overlapBins(
    source0: number,
    width0: number,
    height0: number,
    nodes0: number,
    source1: number,
    width1: number,
    height1: number,
    nodes1: number,
    columns: number,
    firstRow: number,
    lastRow: number,
    out: number,
  ): void;
  /** Area average of a Y plane to float32; see assembly/luma-scale.ts. */
  scaleLuma(
    source: number,
    width: number,
    height: number,
    target: number,
    targetWidth: number,
    targetHeight: number,
    scratch: number,
  ): void;
  /** u16 sum of each whole 16 × 16 block of a Y plane, row by row. */
  blockSums(source: number, width: number, height: number, out: number): void;
  /** How many block sums differ by more than `threshold`. */
  changedBlocks(a: number, b: number, count: number, threshold: number): number;
  /** I420 to planar float32 RGB or BGR; see assembly/rgb-scale.ts. */
  scaleRgb(
    source: number,
    width: number,
    height: number,
    target: number,
    targetWidth: number,
    targetHeight: number,
    bgr: number,
    bt709: number,
    mean: number,
    divisor: number,
  ): void;
}
