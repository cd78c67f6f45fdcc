/** Side of the blocks that pictures are averaged over before they are compared. */
const BLOCK = 4;
/** Side of a tile, in blocks, and the points kept in each. */
const TILE = 10;
const POINTS_PER_TILE = 24;
/** Points with a weaker gradient (levels per block) say nothing about motion. */
const MIN_GRADIENT = 2;
const MIN_POINTS = 60;
const PASSES = 6;
/** A point agrees with a motion when its brightness is explained to this many levels. */
const AGREES = 3;

/** What a comparison with the remembered picture gave. */
export interface CameraMotion {
  /** Largest movement of a corner of the view, pixels of the compared picture; 0 when it cannot be told. */
  readonly cornerPx: number;
  /** Share of the points that standing still explains, after a change of brightness, 0 … 1. */
  readonly stillShare: number;
  /** Share that the measured motion explains. */
  readonly movingShare: number;
}

/**
 * Tells a moving camera from a moving scene, cheaply and to a hundredth of a pixel: a similarity and a change of
 * brightness are fitted, robustly, to the difference of two small pictures at points of good gradient. Made for small
 * motions; a large one shows as a small `stillShare`.
 */
export class CameraMotionGauge {
  readonly #width: number;
  readonly #height: number;
  #key: Float32Array | undefined;
  #points: Int32Array = new Int32Array(0);
  /** Rows of the fit: d/dx, d/dy, d/dzoom, d/dturn, brightness, contrast, for each point. */
  #rows: Float64Array = new Float64Array(0);

  /** Size of the pictures that are given, pixels. */
  constructor(widthPx: number, heightPx: number) {
    this.#width = Math.floor(widthPx / BLOCK);
    this.#height = Math.floor(heightPx / BLOCK);
  }

  /** Remembers a picture to compare later ones with. @param luma row by row, 0 … 255 */
  remember(luma: Float32Array): void {
    const key = this.#shrink(luma);
    this.#key = key;
    const points = this.#choosePoints(key);
    const rows = new Float64Array(points.length * 6);
    for (const [index, at] of points.entries()) {
      const x = (at % this.#width) - this.#width / 2 + 0.5;
      const y = Math.floor(at / this.#width) - this.#height / 2 + 0.5;
      const gx = (key[at + 1]! - key[at - 1]!) / 2;
      const gy = (key[at + this.#width]! - key[at - this.#width]!) / 2;
      const reach = this.#width / 2;
      rows.set([gx, gy, (gx * x + gy * y) / reach, (gy * x - gx * y) / reach, 1, (key[at]! - 128) / 64], index * 6);
    }
    this.#points = Int32Array.from(points);
    this.#rows = rows;
  }

  /** Compares a picture with the remembered one. @throws Error when none is remembered */
  compare(luma: Float32Array): CameraMotion {
    if (this.#key === undefined) throw new Error('there is no picture to compare with');
    const count = this.#points.length;
    if (count < MIN_POINTS) return { cornerPx: 0, stillShare: 1, movingShare: 1 };
    const now = this.#shrink(luma);
    const difference = Float64Array.from(this.#points, (at) => now[at]! - this.#key![at]!);
    const light = fit(this.#rows, difference, 4);
    const motion = fit(this.#rows, difference, 0);
    const [dx, dy, zoom, turn] = [...motion.solution] as [number, number, number, number, number, number];
    const aspect = this.#height / this.#width;
    let corner = 0;
    for (const [sx, sy] of [
      [-1, -1],
      [1, -1],
      [-1, 1],
      [1, 1],
    ] as const) {
      const x = dx + zoom * sx - turn * sy * aspect;
      const y = dy + zoom * sy * aspect + turn * sx;
      corner = Math.max(corner, Math.hypot(x, y));
    }
    return { cornerPx: corner * BLOCK, stillShare: light.share, movingShare: motion.share };
  }

  #shrink(luma: Float32Array): Float32Array {
    const stride = this.#width * BLOCK;
    const small = new Float32Array(this.#width * this.#height);
    for (let y = 0; y < this.#height * BLOCK; y += 1) {
      const to = Math.floor(y / BLOCK) * this.#width;
      const from = y * stride;
      for (let x = 0; x < this.#width; x += 1) {
        const at = from + x * BLOCK;
        small[to + x]! += luma[at]! + luma[at + 1]! + luma[at + 2]! + luma[at + 3]!;
      }
    }
    const scale = 1 / (BLOCK * BLOCK);
    for (let at = 0; at < small.length; at += 1) small[at]! *= scale;
    return small;
  }

  /** The points of strongest gradient of every tile: no object of the scene can have them all. */
  #choosePoints(key: Float32Array): number[] {
    const chosen: number[] = [];
    for (let top = 1; top < this.#height - 1; top += TILE) {
      for (let left = 1; left < this.#width - 1; left += TILE) {
        const tile: { at: number; strength: number }[] = [];
        for (let y = top; y < Math.min(top + TILE, this.#height - 1); y += 1) {
          for (let x = left; x < Math.min(left + TILE, this.#width - 1); x += 1) {
            const at = y * this.#width + x;
            const strength =
              Math.hypot(key[at + 1]! - key[at - 1]!, key[at + this.#width]! - key[at - this.#width]!) / 2;
            if (strength > MIN_GRADIENT) tile.push({ at, strength });
          }
        }
        tile.sort((a, b) => b.strength - a.strength);
        for (const { at } of tile.slice(0, POINTS_PER_TILE)) chosen.push(at);
      }
    }
    return chosen;
  }
}

/**
 * Robust least squares (weights 1 / (1 + (r/s)²)²) of difference ≈ −motion part + light part over the columns from
 * `first` on. The scale falls from what half of the points have to one level.
 */
function fit(rows: Float64Array, difference: Float64Array, first: number): { solution: Float64Array; share: number } {
  const count = difference.length;
  const solution = new Float64Array(6);
  const residual = difference.slice();
  for (let pass = 0; pass < PASSES; pass += 1) {
    const sorted = residual.map(Math.abs).toSorted();
    const scale = Math.max(1, 1.5 * sorted[count >> 1]!);
    const normal = new Float64Array(36);
    const right = new Float64Array(6);
    for (let index = 0; index < count; index += 1) {
      const q = residual[index]! / scale;
      const weight = 1 / (1 + q * q) ** 2;
      const at = index * 6;
      for (let i = first; i < 6; i += 1) {
        const weighted = weight * rows[at + i]!;
        right[i]! += weighted * difference[index]!;
        for (let j = first; j <= i; j += 1) normal[i * 6 + j]! += weighted * rows[at + j]!;
      }
    }
    solveSymmetric(normal, right, first, solution);
    for (let index = 0; index < count; index += 1) {
      let rest = difference[index]!;
      for (let i = first; i < 6; i += 1) rest -= rows[index * 6 + i]! * solution[i]!;
      residual[index] = rest;
    }
  }
  let agreeing = 0;
  for (const value of residual) if (Math.abs(value) < AGREES) agreeing += 1;
  return { solution, share: agreeing / count };
}

/** Cholesky on the lower triangle of the unknowns from `first` on, lightly damped. */
function solveSymmetric(normal: Float64Array, right: Float64Array, first: number, solution: Float64Array): void {
  for (let i = first; i < 6; i += 1) {
    for (let j = first; j <= i; j += 1) {
      let sum = normal[i * 6 + j]! + (i === j ? 1e-3 : 0);
      for (let k = first; k < j; k += 1) sum -= normal[i * 6 + k]! * normal[j * 6 + k]!;
      normal[i * 6 + j] = i === j ? Math.sqrt(Math.max(sum, 1e-9)) : sum / normal[j * 6 + j]!;
    }
  }
  for (let i = first; i < 6; i += 1) {
    let sum = right[i]!;
    for (let k = first; k < i; k += 1) sum -= normal[i * 6 + k]! * solution[k]!;
    solution[i] = sum / normal[i * 6 + i]!;
  }
  for (let i = 5; i >= first; i -= 1) {
    let sum = solution[i]!;
    for (let k = i + 1; k < 6; k += 1) sum -= normal[k * 6 + i]! * solution[k]!;
    solution[i] = sum / normal[i * 6 + i]!;
  }
}
