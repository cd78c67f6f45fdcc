import { normalised } from './luma-pyramid.ts';
import { medianSize, solveSymmetric } from './small-system.ts';
import { strongPoints } from './strong-points.ts';

/** Side of the blocks that pictures of the networks' size are averaged over before they are compared. */
const BLOCK = 4;
/** Side of a tile, in blocks, and the points kept in each. */
const TILE = 10;
const POINTS_PER_TILE = 16;
/** Points with a weaker gradient (levels per block) say nothing about motion. */
const MIN_GRADIENT = 2;
const MIN_POINTS = 60;
const UNKNOWNS = 4;
const PASSES = 5;
/** A point agrees with a motion when its normalised brightness is explained to this much. */
const AGREES = 0.3;
/** Most of the view must follow a motion before it is the camera's … */
const MAJORITY = 0.6;
/** … and less than this must be explained by standing still before nothing is. */
const STILL_MINORITY = 0.5;

/** What a comparison with the remembered picture gave. */
export interface CameraMotion {
  /** Largest movement of a corner of the view, pixels of the compared picture; 0 when it cannot be told. */
  readonly cornerPx: number;
  /** Share of the points that standing still explains, 0 … 1. */
  readonly stillShare: number;
  /** Share of the tiles of the view that the measured motion explains better than standing still. */
  readonly movingShare: number;
}

/** True when a comparison says that the camera moved. @param leastPx way of a corner that counts, pixels of the compared picture */
export function hasMoved({ cornerPx, stillShare, movingShare }: CameraMotion, leastPx: number): boolean {
  return (cornerPx > leastPx && movingShare > MAJORITY) || stillShare < STILL_MINORITY;
}

/**
 * Tells a moving camera from a moving scene, cheaply and to a few hundredths of a pixel: a similarity is fitted,
 * robustly, to the difference of two small pictures at points of good gradient. Made for small motions; a large one
 * shows as a small `stillShare`.
 */
export class CameraMotionGauge {
  readonly #block: number;
  readonly #width: number;
  readonly #height: number;
  readonly #small: Float32Array;
  #key: Float32Array | undefined;
  #points: Int32Array = new Int32Array(0);
  /** Where the points of the next tile begin, for each tile that has any. */
  #tileEnds: readonly number[] = [];
  /** Row of the fit for each point: change of brightness by a shift in x and y, by zoom and by turn. */
  #rows: Float64Array = new Float64Array(0);

  /** Size of the pictures that are given, pixels. @param block side of the blocks that are averaged before */
  constructor(widthPx: number, heightPx: number, block = BLOCK) {
    this.#block = block;
    this.#width = Math.floor(widthPx / block);
    this.#height = Math.floor(heightPx / block);
    this.#small = new Float32Array(this.#width * this.#height);
  }

  /** Remembers a picture to compare later ones with. @param luma row by row, 0 … 255 */
  remember(luma: Float32Array): void {
    const width = this.#width;
    const small = this.#shrink(luma);
    const key = this.#normalise(small);
    const tiles = strongPoints(
      { values: small, width, height: this.#height },
      { tile: TILE, perTile: POINTS_PER_TILE, margin: 1, minGradient: MIN_GRADIENT },
    );
    const points = tiles.flat();
    const rows = new Float64Array(points.length * UNKNOWNS);
    const reach = width / 2;
    for (const [index, at] of points.entries()) {
      const x = ((at % width) - width / 2 + 0.5) / reach;
      const y = (Math.floor(at / width) - this.#height / 2 + 0.5) / reach;
      const gx = (key[at + 1]! - key[at - 1]!) / 2;
      const gy = (key[at + width]! - key[at - width]!) / 2;
      rows.set([gx, gy, gx * x + gy * y, gy * x - gx * y], index * UNKNOWNS);
    }
    this.#key = key;
    this.#points = Int32Array.from(points);
    this.#tileEnds = tiles.map((_tile, index) =>
      tiles.slice(0, index + 1).reduce((sum, { length }) => sum + length, 0),
    );
    this.#rows = rows;
  }

  /** Compares a picture with the remembered one. @throws Error when none is remembered */
  compare(luma: Float32Array): CameraMotion {
    const key = this.#key;
    if (key === undefined) throw new Error('there is no picture to compare with');
    if (this.#points.length < MIN_POINTS) return { cornerPx: 0, stillShare: 1, movingShare: 0 };
    const now = this.#normalise(this.#shrink(luma));
    const difference = new Float64Array(this.#points.length);
    for (const [index, at] of this.#points.entries()) difference[index] = now[at]! - key[at]!;
    const stillShare = agreeingShare(difference);
    const residual = difference.slice();
    const [dx, dy, zoom, turn] = fit(this.#rows, difference, residual);
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
    return { cornerPx: corner * this.#block, stillShare, movingShare: this.#betterShare(difference, residual) };
  }

  /**
   * An object that moves can pull the fit its way, but the tiles of the background then get worse; when the camera
   * moves, nearly all get better.
   */
  #betterShare(still: Float64Array, moving: Float64Array): number {
    let [better, from] = [0, 0];
    for (const end of this.#tileEnds) {
      let gain = 0;
      for (let index = from; index < end; index += 1) {
        gain += Math.min(1, still[index]! ** 2) - Math.min(1, moving[index]! ** 2);
      }
      if (gain > 0) better += 1;
      from = end;
    }
    return better / this.#tileEnds.length;
  }

  #shrink(luma: Float32Array): Float32Array {
    const [block, small] = [this.#block, this.#small.fill(0)];
    const [stride, share] = [this.#width * block, 1 / (block * block)];
    for (let y = 0; y < this.#height * block; y += 1) {
      const to = Math.floor(y / block) * this.#width;
      let at = y * stride;
      for (let x = 0; x < this.#width; x += 1) {
        let sum = 0;
        for (const end = at + block; at < end; at += 1) sum += luma[at]!;
        small[to + x]! += sum * share;
      }
    }
    return small;
  }

  #normalise(small: Float32Array): Float32Array {
    return normalised({ values: small, width: this.#width, height: this.#height }).values;
  }
}

function agreeingShare(residual: Float64Array): number {
  let agreeing = 0;
  for (const value of residual) if (Math.abs(value) < AGREES) agreeing += 1;
  return agreeing / residual.length;
}

/**
 * Robust least squares (weights 1 / (1 + (r/s)²)²) of difference ≈ rows · unknowns; the scale falls with the median.
 * @param residual is set to what remains
 * @returns shift in x and y, zoom and turn, blocks at half the width
 */
function fit(rows: Float64Array, difference: Float64Array, residual: Float64Array): [number, number, number, number] {
  const solution = new Float64Array(UNKNOWNS);
  const normal = new Float64Array(UNKNOWNS * UNKNOWNS);
  const right = new Float64Array(UNKNOWNS);
  for (let pass = 0; pass < PASSES; pass += 1) {
    const scale = Math.max(0.1, 1.5 * medianSize(residual));
    normal.fill(0);
    right.fill(0);
    for (let index = 0, at = 0; index < difference.length; index += 1, at += UNKNOWNS) {
      const q = residual[index]! / scale;
      const weight = 1 / (1 + q * q) ** 2;
      for (let i = 0; i < UNKNOWNS; i += 1) {
        const weighted = weight * rows[at + i]!;
        right[i]! += weighted * difference[index]!;
        for (let j = 0; j <= i; j += 1) normal[i * UNKNOWNS + j]! += weighted * rows[at + j]!;
      }
    }
    solveSymmetric(normal, right, solution);
    const [dx, dy, zoom, turn] = solution as unknown as [number, number, number, number];
    for (let index = 0, at = 0; index < difference.length; index += 1, at += UNKNOWNS) {
      const explained = rows[at]! * dx + rows[at + 1]! * dy + rows[at + 2]! * zoom + rows[at + 3]! * turn;
      residual[index] = difference[index]! - explained;
    }
  }
  return [solution[0]!, solution[1]!, solution[2]!, solution[3]!];
}
