import type { Size } from '../../src/contract/pixels.ts';
import { apply, type Homography } from '../../src/geometry/homography.ts';

/** A number in 0 … 1 that depends on its arguments alone. */
function hash(x: number, y: number, seed: number): number {
  let state = Math.imul(x, 374_761_393) ^ Math.imul(y, 668_265_263) ^ Math.imul(seed, 2_147_483_647);
  state = Math.imul(state ^ (state >>> 13), 1_274_126_177);
  return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32;
}

/** Smooth noise of the given cell size, −0.5 … 0.5. */
function noise(x: number, y: number, cell: number, seed: number): number {
  const [gx, gy] = [x / cell, y / cell];
  const [ix, iy] = [Math.floor(gx), Math.floor(gy)];
  const [fx, fy] = [gx - ix, gy - iy];
  const [sx, sy] = [fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)];
  const top = hash(ix, iy, seed) * (1 - sx) + hash(ix + 1, iy, seed) * sx;
  const bottom = hash(ix, iy + 1, seed) * (1 - sx) + hash(ix + 1, iy + 1, seed) * sx;
  return top * (1 - sy) + bottom * sy - 0.5;
}

/** Grey level 40 … 215 of a flat scene without end: patches of all sizes with edges, and fine texture. */
export function sceneAt(x: number, y: number, seed = 1): number {
  let value = 128 + 50 * noise(x, y, 190, seed) + 34 * noise(x, y, 37, seed + 1) + 26 * noise(x, y, 9, seed + 2);
  const [bx, by] = [Math.floor(x / 83), Math.floor(y / 61)];
  const [ox, oy] = [x - bx * 83, y - by * 61];
  const [left, top] = [hash(bx, by, seed + 3) * 40, hash(bx, by, seed + 4) * 30];
  if (
    ox > left &&
    ox < left + 12 + hash(bx, by, seed + 5) * 30 &&
    oy > top &&
    oy < top + 10 + hash(bx, by, seed + 6) * 22
  ) {
    value += hash(bx, by, seed + 7) > 0.5 ? 44 : -44;
  }
  return Math.min(215, Math.max(40, value));
}

/** What is put into a view beside the scene. */
export interface ViewOptions {
  readonly seed?: number;
  /** Top-left corner and side of a bright square on the picture, pixels. */
  readonly object?: readonly [number, number, number];
  /** Largest grain, levels, and its own seed. */
  readonly grain?: readonly [number, number];
}

/**
 * Grey picture of the scene, row by row.
 * @param sceneFromView continuous pixels of the view → the scene
 */
export function drawView(size: Size, sceneFromView: Homography, options: ViewOptions = {}): Uint8Array {
  const { object, grain = [0, 0] } = options;
  const picture = new Uint8Array(size.widthPx * size.heightPx);
  for (let y = 0; y < size.heightPx; y += 1) {
    for (let x = 0; x < size.widthPx; x += 1) {
      // Four samples a pixel, so that edges carry their place to a fraction of a pixel.
      let value = 0;
      for (const [dx, dy] of [
        [0.25, 0.25],
        [0.75, 0.25],
        [0.25, 0.75],
        [0.75, 0.75],
      ] as const) {
        value += sceneAt(...apply(sceneFromView, x + dx, y + dy), options.seed) / 4;
      }
      if (object !== undefined) {
        const [left, top, side] = object;
        if (x >= left && x < left + side && y >= top && y < top + side) value = 60 + 150 * hash(x >> 3, y >> 3, left);
      }
      picture[y * size.widthPx + x] = value + grain[0] * (2 * hash(x, y, grain[1] + 99) - 1);
    }
  }
  return picture;
}
