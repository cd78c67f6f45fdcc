/** Size that StabStitch++ scales every view to, pixels; its linear layers fit no other. */
export const workingSize = { widthPx: 480, heightPx: 360 } as const;

/** Cells of its control mesh. */
export const meshGrid = { rows: 6, cols: 8 } as const;

/** Frames of its online window. */
export const windowLength = 7;

/** Features at an eighth of the working size. */
export const featureSize = { rows: 45, cols: 60, channels: 128 } as const;

/** Features at a sixteenth, rounded up. */
export const coarseSize = { rows: 23, cols: 30, channels: 256 } as const;

/** Tensor shape of one view. */
export const imageShape = [1, 3, workingSize.heightPx, workingSize.widthPx] as const;

/** Tensor shape of one mesh: row, column, (x, y). */
export const meshShape = [1, meshGrid.rows + 1, meshGrid.cols + 1, 2] as const;
