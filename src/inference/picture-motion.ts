import { apply, IDENTITY, invert, multiply, type Homography } from '../geometry/homography.ts';
import { normalised, pyramid, softened, type Plane } from './luma-pyramid.ts';
import { medianSize, solveSymmetric } from './small-system.ts';
import { strongPoints } from './strong-points.ts';

/** Halvings of the given picture that are compared, coarsest first. */
const LEVELS = 4;
/** Steps at most: at the coarser levels, which cost little, and at the finest. */
const COARSE_STEPS = 10;
const FINE_STEPS = 8;
/** Side of a tile in pixels of its level, and the points kept in each, finest level first: no object can have them all. */
const TILE = 12;
const POINTS_PER_TILE = [4, 8, 16, 32];
/** Points with a weaker gradient, levels per pixel, say nothing about motion. */
const MIN_GRADIENT = 1.5;
const MIN_POINTS = 40;
/** No point is nearer to the border, pixels of the level: there brightness is relative to fewer surroundings. */
const MARGIN = 5;
const UNKNOWNS = 8;
/** A step that moves no corner by more than this ends a level, pixels of the level. */
const DONE_PX = 0.01;
/** A point agrees with the motion when its normalised brightness is explained to this much. */
const AGREES = 0.25;
/** Side of the regions of the finest level that are asked one by one whether they moved, and points that make one count. */
const REGION = 36;
const MIN_REGION_POINTS = 12;
/** Weight of "not at all" against the points of a region: an edge alone says nothing of motions along it. */
const REGION_DAMPING = 0.02;
/** Weight of "nothing but a shift" against the points, finest level first: a small picture knows little more. */
const DAMPING = [1e-4, 1e-4, 1e-2, 1];

/** How a picture lies to the key picture. */
export interface PictureMotion {
  /** This picture ← key picture, normalised: the middle is 0, half the width is 1, square units. */
  readonly nowFromKey: Homography;
  /** Share of the points that the motion explains, 0 … 1. */
  readonly support: number;
}

interface KeyLevel {
  readonly width: number;
  readonly height: number;
  /** Normalised position of each point, interleaved. */
  readonly points: Float64Array;
  /** Brightness of the key there. */
  readonly values: Float64Array;
  /** Change of brightness with each entry of the homography. */
  readonly rows: Float64Array;
  readonly damping: number;
}

/**
 * How one camera's picture lies to a key picture, as a homography, in one or two milliseconds and to a few hundredths
 * of a pixel: inverse compositional alignment of points of good gradient, robust, from coarse to fine. Brightness is
 * taken relative to its surroundings, so that exposure may change.
 */
export class PictureAligner {
  #levels: readonly KeyLevel[] = [];
  #last: { readonly plane: Plane; readonly nowFromKey: Homography } | undefined;

  /** True when the key has texture enough to be followed. */
  get isUsable(): boolean {
    return this.#levels.length > 0;
  }

  /** Makes a picture the key. @param luma 0 … 255 row by row */
  setKey(luma: Float32Array, width: number, height: number): void {
    const levels = pyramid({ values: luma, width, height }, LEVELS).map((plane, level) =>
      keyLevel(softened(plane), level),
    );
    this.#levels = levels[0]!.values.length < MIN_POINTS ? [] : levels.toReversed();
  }

  /**
   * Aligns a picture of the key's size.
   * @param guess this picture ← key picture, normalised; what a picture before was found at
   * @returns undefined without a usable key or when nothing fits
   */
  align(luma: Float32Array, width: number, height: number, guess: Homography = IDENTITY): PictureMotion | undefined {
    if (!this.isUsable) return undefined;
    const planes = pyramid({ values: luma, width, height }, LEVELS)
      .map((plane) => normalised(softened(plane)))
      .toReversed();
    this.#last = undefined;
    let nowFromKey = guess;
    let support = 0;
    for (const [index, key] of this.#levels.entries()) {
      if (key.values.length < MIN_POINTS) continue;
      const found = alignLevel(key, planes[index]!, nowFromKey, index === LEVELS - 1);
      if (found === undefined) return undefined;
      ({ nowFromKey, support } = found);
    }
    this.#last = { plane: planes.at(-1)!, nowFromKey };
    return { nowFromKey, support };
  }

  /**
   * Share of the regions of the picture that was aligned last whose content lies nearer to where the motion that was
   * found has it than to where another has it. Each region is measured by itself, so that a thing that fills some of
   * them says nothing of the others.
   * @param other picture ← key, normalised
   */
  agreeingShare(other: Homography): number {
    const key = this.#levels.at(-1);
    if (key === undefined || this.#last === undefined) return 0;
    const { plane, nowFromKey } = this.#last;
    const residual = new Float64Array(key.values.length);
    sampleResidual(key, plane, nowFromKey, residual);
    // To where the other has it, as seen from the key.
    const away = multiply(invert(nowFromKey), other);
    const regions = regionShifts(key, residual);
    let agreeing = 0;
    for (const { x, y, dx, dy } of regions) {
      const [ox, oy] = apply(away, x, y);
      // A residual says where content is to be looked for, the other way round.
      if (Math.hypot(dx, dy) < Math.hypot(dx + ox - x, dy + oy - y)) agreeing += 1;
    }
    return agreeing / Math.max(1, regions.length);
  }
}

/** A region that has texture: its middle, and how far its content lies from where it should; normalised. */
interface RegionShift {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}

function regionShifts({ width, height, points, rows }: KeyLevel, residual: Float64Array): RegionShift[] {
  const side = (2 * REGION) / width;
  const cols = Math.ceil(width / REGION);
  const regions = Array.from({ length: cols * Math.ceil(height / REGION) }, () => new Float64Array(8));
  for (let index = 0; index < residual.length; index += 1) {
    const rest = residual[index]!;
    if (Number.isNaN(rest)) continue;
    const [x, y] = [points[index * 2]!, points[index * 2 + 1]!];
    const [gx, gy] = [rows[index * UNKNOWNS + 2]!, rows[index * UNKNOWNS + 5]!];
    const region = regions[Math.floor((y + height / width) / side) * cols + Math.floor((x + 1) / side)]!;
    const terms = [gx * gx, gx * gy, gy * gy, gx * rest, gy * rest, x, y, 1];
    for (const [at, term] of terms.entries()) region[at]! += term;
  }
  return regions
    .filter((sums) => sums[7]! >= MIN_REGION_POINTS)
    .map((sums) => {
      const [xx, xy, yy, xr, yr, x, y, count] = sums as unknown as [
        number, number, number, number, number, number, number, number,
      ]; // prettier-ignore
      const damping = REGION_DAMPING * (xx + yy);
      const [a, d] = [xx + damping, yy + damping];
      const determinant = a * d - xy * xy;
      return { x: x / count, y: y / count, dx: (xr * d - yr * xy) / determinant, dy: (yr * a - xr * xy) / determinant };
    });
}

function keyLevel(plane: Plane, level: number): KeyLevel {
  const chosen = strongPoints(plane, {
    tile: TILE,
    perTile: POINTS_PER_TILE[level]!,
    margin: MARGIN,
    minGradient: MIN_GRADIENT,
  }).flat();
  const { values, width, height } = normalised(plane);
  const half = width / 2;
  const points = new Float64Array(chosen.length * 2);
  const key = new Float64Array(chosen.length);
  const rows = new Float64Array(chosen.length * UNKNOWNS);
  for (const [index, at] of chosen.entries()) {
    const x = ((at % width) + 0.5 - half) / half;
    const y = (Math.floor(at / width) + 0.5 - height / 2) / half;
    const gx = ((values[at + 1]! - values[at - 1]!) / 2) * half;
    const gy = ((values[at + width]! - values[at - width]!) / 2) * half;
    const along = gx * x + gy * y;
    points.set([x, y], index * 2);
    key[index] = values[at]!;
    rows.set([gx * x, gx * y, gx, gy * x, gy * y, gy, -along * x, -along * y], index * UNKNOWNS);
  }
  return { width, height, points, values: key, rows, damping: DAMPING[level]! };
}

function alignLevel(key: KeyLevel, now: Plane, guess: Homography, isFinest: boolean): PictureMotion | undefined {
  let nowFromKey = guess;
  const residual = new Float64Array(key.values.length);
  const weights = new Float64Array(key.values.length);
  let seen = sampleResidual(key, now, nowFromKey, residual);
  let normal: Float64Array | undefined;
  const change = new Float64Array(UNKNOWNS);
  for (let step = 0; step < (isFinest ? FINE_STEPS : COARSE_STEPS); step += 1) {
    if (seen < MIN_POINTS) return undefined;
    weigh(residual, weights);
    // Near the end one serves for all steps: where they lead to depends on the right side alone.
    if (!isFinest || normal === undefined) normal = normalOf(key, weights);
    solveSymmetric(normal.slice(), rightOf(key.rows, weights, residual), change);
    const next = multiply(nowFromKey, invert(plusIdentity(change)));
    nowFromKey = next.map((value) => value / next[8]!);
    if (!nowFromKey.every(Number.isFinite)) return undefined;
    seen = sampleResidual(key, now, nowFromKey, residual);
    if (change.subarray(0, 6).every((value) => Math.abs(value) * (key.width / 2) < DONE_PX)) break;
  }
  let agreeing = 0;
  for (const value of residual) if (Math.abs(value) < AGREES) agreeing += 1;
  return { nowFromKey, support: seen === 0 ? 0 : agreeing / seen };
}

function plusIdentity(change: Float64Array): Homography {
  const h = new Float64Array(9);
  h.set(change);
  for (const at of [0, 4, 8]) h[at]! += 1;
  return h;
}

/** Brightness of the warped picture minus the key's at each point, NaN outside. @returns points inside */
function sampleResidual(key: KeyLevel, now: Plane, h: Homography, residual: Float64Array): number {
  const { values, width, height } = now;
  const half = width / 2;
  const [a, b, c, d, e, f, g, i, j] = h as unknown as [
    number, number, number, number, number, number, number, number, number,
  ]; // prettier-ignore
  let seen = 0;
  for (let index = 0; index < residual.length; index += 1) {
    const px = key.points[index * 2]!;
    const py = key.points[index * 2 + 1]!;
    const w = g * px + i * py + j;
    const x = ((a * px + b * py + c) / w) * half + half - 0.5;
    const y = ((d * px + e * py + f) / w) * half + height / 2 - 0.5;
    if (!(x >= 0 && y >= 0 && x < width - 1 && y < height - 1)) {
      residual[index] = Number.NaN;
      continue;
    }
    const ix = Math.floor(x);
    const iy = Math.floor(y);
    const fx = x - ix;
    const fy = y - iy;
    const at = iy * width + ix;
    const top = values[at]! + fx * (values[at + 1]! - values[at]!);
    const bottom = values[at + width]! + fx * (values[at + width + 1]! - values[at + width]!);
    residual[index] = top + fy * (bottom - top) - key.values[index]!;
    seen += 1;
  }
  return seen;
}

/** Weights 1 / (1 + (r/s)²)² of the residuals: what does not follow the camera counts for little. */
function weigh(residual: Float64Array, weights: Float64Array): void {
  const scale = Math.max(0.1, 2 * medianSize(residual));
  for (let index = 0; index < residual.length; index += 1) {
    const q = residual[index]! / scale;
    // A point outside the picture is NaN.
    weights[index] = q === q ? 1 / (1 + q * q) ** 2 : 0;
  }
}

/** Normal equations of the weighted rows: lower triangle. */
function normalOf({ rows, damping }: KeyLevel, weights: Float64Array): Float64Array {
  const normal = new Float64Array(UNKNOWNS * UNKNOWNS);
  for (let index = 0; index < weights.length; index += 1) {
    const weight = weights[index]!;
    if (weight < 0.01) continue;
    const at = index * UNKNOWNS;
    for (let i = 0; i < UNKNOWNS; i += 1) {
      const weighted = weight * rows[at + i]!;
      for (let j = 0; j <= i; j += 1) normal[i * UNKNOWNS + j]! += weighted * rows[at + j]!;
    }
  }
  const strength = normal[2 * UNKNOWNS + 2]! + normal[5 * UNKNOWNS + 5]!;
  for (const i of [0, 1, 3, 4, 6, 7]) normal[i * UNKNOWNS + i]! += damping * strength;
  return normal;
}

function rightOf(rows: Float64Array, weights: Float64Array, residual: Float64Array): Float64Array {
  const right = new Float64Array(UNKNOWNS);
  for (let index = 0; index < weights.length; index += 1) {
    const weight = weights[index]!;
    if (weight < 0.01) continue;
    const weighted = weight * residual[index]!;
    const at = index * UNKNOWNS;
    for (let i = 0; i < UNKNOWNS; i += 1) right[i]! += weighted * rows[at + i]!;
  }
  return right;
}
