// Numbers that the kernels share with strip-layout.ts. Coordinates are signed 16.16 source pixels, integer centres.

/** Bytes of one node {x: i32, y: i32}. */
export const NODE_BYTES: usize = 8;
/** Bytes of one node weight (i32, 32767 << 8 = the target view alone). */
export const WEIGHT_BYTES: usize = 4;
/** Bytes of one run {first cell, cells, op, index of the first edge cell}. */
export const RUN_BYTES: usize = 16;
/** Bytes of one edge cell's alpha: 16 × 16 for luma, then 8 × 8 for chroma. */
export const EDGE_BYTES: usize = 320;
export const EDGE_CHROMA: usize = 256;

// An op is a blend in its two low bits and a path above them; 0 draws nothing.
export const COPY: i32 = 1;
export const WEIGHTS: i32 = 2;
export const EDGE: i32 = 3;
export const PATH_SHIFT: i32 = 2;
export const FAST: i32 = 0;
export const STEEP: i32 = 1;
export const SCALAR: i32 = 2;

/** Full weight in Q15. */
export const FULL: i32 = 32767;
/** The same as a node weight, with 8 more fractional bits for the row walk. */
export const FULL_NODE: i32 = 32767 << 8;

/** Half a step of the 7-bit vertical weight in 16.16, so that cutting it off rounds to nearest. */
export const HALF_STEP: i32 = 256;
