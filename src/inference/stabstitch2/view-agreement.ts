import type { Size } from '../../contract/pixels.ts';
import { apply, weightAt, type Homography } from '../../geometry/homography.ts';

/** Sides of the squares whose means are compared, pixels of the working size. */
const BLOCK_PX = 10;
/** Fewer squares in common say nothing. */
const LEAST_BLOCKS = 24;

/**
 * How far two views agree where they overlap: the correlation of their brightness over squares of 10×10 pixels, which
 * does not depend on exposure. StabStitch++ itself says nothing of how sure it is.
 * @param reference, target one plane each, row by row, any scale
 * @param targetFromReference pixels of both
 * @returns 0 (nothing in common, or too little to tell) … 1
 */
export function viewAgreement(
  reference: Float32Array,
  target: Float32Array,
  size: Size,
  targetFromReference: Homography,
): number {
  const [cols, rows] = [Math.floor(size.widthPx / BLOCK_PX), Math.floor(size.heightPx / BLOCK_PX)];
  const [one, two] = [blockMeans(reference, size, cols, rows), blockMeans(target, size, cols, rows)];
  const near = Math.sign(weightAt(targetFromReference, size.widthPx / 2, size.heightPx / 2));
  const pairs: [number, number][] = [];
  for (let block = 0; block < one.length; block += 1) {
    const [x, y] = [((block % cols) + 0.5) * BLOCK_PX, (Math.floor(block / cols) + 0.5) * BLOCK_PX];
    if (weightAt(targetFromReference, x, y) * near <= 0) continue;
    const [u, v] = apply(targetFromReference, x, y);
    const value = between(two, cols, rows, u / BLOCK_PX - 0.5, v / BLOCK_PX - 0.5);
    if (value !== undefined) pairs.push([one[block]!, value]);
  }
  return pairs.length < LEAST_BLOCKS ? 0 : Math.max(0, correlation(pairs));
}

function blockMeans(plane: Float32Array, size: Size, cols: number, rows: number): Float64Array {
  const means = new Float64Array(cols * rows);
  for (let y = 0; y < rows * BLOCK_PX; y += 1) {
    const row = Math.floor(y / BLOCK_PX) * cols;
    for (let x = 0; x < cols * BLOCK_PX; x += 1) {
      const block = row + Math.floor(x / BLOCK_PX);
      means[block] = means[block]! + plane[y * size.widthPx + x]! / BLOCK_PX ** 2;
    }
  }
  return means;
}

function between(values: Float64Array, cols: number, rows: number, x: number, y: number): number | undefined {
  if (!(x >= 0 && y >= 0 && x < cols - 1 && y < rows - 1)) return undefined;
  const at = Math.floor(y) * cols + Math.floor(x);
  const [dx, dy] = [x % 1, y % 1];
  const upper = values[at]! * (1 - dx) + values[at + 1]! * dx;
  const lower = values[at + cols]! * (1 - dx) + values[at + cols + 1]! * dx;
  return upper * (1 - dy) + lower * dy;
}

function correlation(pairs: readonly (readonly [number, number])[]): number {
  let [meanA, meanB] = [0, 0];
  for (const [a, b] of pairs) {
    meanA += a / pairs.length;
    meanB += b / pairs.length;
  }
  let [both, squaresA, squaresB] = [0, 0, 0];
  for (const [a, b] of pairs) {
    both += (a - meanA) * (b - meanB);
    squaresA += (a - meanA) ** 2;
    squaresB += (b - meanB) ** 2;
  }
  const scale = Math.sqrt(squaresA * squaresB);
  return scale > 0 ? both / scale : 0;
}
