import type { Picture } from '../model-tools/picture.ts';
import type { Size } from '../contract/pixels.ts';
import { greyOf } from './plane-picture.ts';
import type { PixelMap } from './pixel-map.ts';

const RADIUS = 5;
const SIGMA = 1.5;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;
/** Positions this far outside count as on the border: OpenCV warps in steps of 1/32 px. */
const SLACK_PX = 1 / 64;

/** A picture drawn through a map, and where it covers the plane. */
export interface WarpedPicture {
  readonly picture: Picture;
  /** 1 where the value is made of the right picture alone, shrunk by one pixel. */
  readonly mask: Uint8Array;
}

/** The right picture in the frame of the left one, bilinear (docs/quality.md, step 3). */
export function warp(right: Picture, map: PixelMap): WarpedPicture {
  const count = map.widthPx * map.heightPx;
  const rgb = new Uint8Array(count * 3);
  const covered = new Uint8Array(count);
  const [maxX, maxY] = [right.widthPx - 1, right.heightPx - 1];
  for (let pixel = 0; pixel < count; pixel += 1) {
    let [x, y] = [map.positions[pixel * 2]!, map.positions[pixel * 2 + 1]!];
    if (!(x >= -SLACK_PX && y >= -SLACK_PX && x <= maxX + SLACK_PX && y <= maxY + SLACK_PX)) continue;
    [x, y] = [Math.min(maxX, Math.max(0, x)), Math.min(maxY, Math.max(0, y))];
    const [col, row] = [Math.min(maxX - 1, Math.floor(x)), Math.min(maxY - 1, Math.floor(y))];
    const [s, t] = [x - col, y - row];
    const from = (row * right.widthPx + col) * 3;
    const below = from + right.widthPx * 3;
    for (let channel = 0; channel < 3; channel += 1) {
      const top = right.rgb[from + channel]! * (1 - s) + right.rgb[from + 3 + channel]! * s;
      const bottom = right.rgb[below + channel]! * (1 - s) + right.rgb[below + 3 + channel]! * s;
      rgb[pixel * 3 + channel] = Math.round(top * (1 - t) + bottom * t);
    }
    covered[pixel] = 1;
  }
  return { picture: { widthPx: map.widthPx, heightPx: map.heightPx, rgb }, mask: erode(covered, map, 1, 1) };
}

/** Pixels whose whole square of `radius` lies in the mask; beyond the border the mask has the value `outside`. */
export function erode(mask: Uint8Array, { widthPx, heightPx }: Size, radius: number, outside: 0 | 1): Uint8Array {
  const pass = (from: Uint8Array, length: number, lines: number, step: number, lineStep: number): Uint8Array => {
    const to = new Uint8Array(from.length);
    for (let line = 0; line < lines; line += 1) {
      for (let index = 0; index < length; index += 1) {
        let isIn = 1;
        for (let near = index - radius; near <= index + radius && isIn === 1; near += 1) {
          isIn = near < 0 || near >= length ? outside : from[line * lineStep + near * step]!;
        }
        to[line * lineStep + index * step] = isIn;
      }
    }
    return to;
  };
  return pass(pass(mask, widthPx, heightPx, 1, widthPx), heightPx, widthPx, widthPx, 1);
}

/** Pixels whose 11 x 11 window lies in the mask. */
export function coreOf(mask: Uint8Array, size: Size): Uint8Array {
  return erode(mask, size, RADIUS, 0);
}

const WINDOW = ((): Float64Array => {
  const weights = Float64Array.from({ length: 2 * RADIUS + 1 }, (_none, index) =>
    Math.exp(-((index - RADIUS) ** 2) / (2 * SIGMA * SIGMA)),
  );
  const sum = weights.reduce((total, value) => total + value, 0);
  return weights.map((value) => value / sum);
})();

/** Gaussian mean of every pixel whose window lies in the picture; 0 elsewhere. */
function blur(values: Float64Array, { widthPx, heightPx }: Size): Float64Array {
  const across = new Float64Array(values.length);
  const result = new Float64Array(values.length);
  for (let y = 0; y < heightPx; y += 1) {
    for (let x = RADIUS; x < widthPx - RADIUS; x += 1) {
      let sum = 0;
      const at = y * widthPx + x - RADIUS;
      for (let tap = 0; tap < WINDOW.length; tap += 1) sum += WINDOW[tap]! * values[at + tap]!;
      across[y * widthPx + x] = sum;
    }
  }
  for (let y = RADIUS; y < heightPx - RADIUS; y += 1) {
    for (let x = RADIUS; x < widthPx - RADIUS; x += 1) {
      let sum = 0;
      for (let tap = 0; tap < WINDOW.length; tap += 1) sum += WINDOW[tap]! * across[(y + tap - RADIUS) * widthPx + x]!;
      result[y * widthPx + x] = sum;
    }
  }
  return result;
}

/**
 * SSIM of every pixel: grey values 0 … 255, Gaussian window 11 x 11 with sigma 1.5, population variances (docs/quality.md, step 4).
 * Only pixels at least five from the border mean anything.
 */
export function ssimMap(left: Picture, right: Picture): Float64Array {
  const [a, b] = [momentsOf(left), momentsOf(right)];
  const product = blur(
    a.grey.map((value, i) => value * b.grey[i]!),
    left,
  );
  const values = new Float64Array(product.length);
  for (let i = 0; i < values.length; i += 1) {
    const [ma, mb] = [a.mean[i]!, b.mean[i]!];
    const [va, vb, covariance] = [a.square[i]! - ma * ma, b.square[i]! - mb * mb, product[i]! - ma * mb];
    values[i] = ((2 * ma * mb + C1) * (2 * covariance + C2)) / ((ma * ma + mb * mb + C1) * (va + vb + C2));
  }
  return values;
}

/** What SSIM needs of one picture alone. */
interface Moments {
  readonly grey: Float64Array;
  /** Blurred grey values and their blurred squares. */
  readonly mean: Float64Array;
  readonly square: Float64Array;
}

/** A left picture is compared with three right ones. */
const known = new WeakMap<Picture, Moments>();

function momentsOf(picture: Picture): Moments {
  const before = known.get(picture);
  if (before !== undefined) return before;
  const grey = Float64Array.from(greyOf(picture));
  const moments = {
    grey,
    mean: blur(grey, picture),
    square: blur(
      grey.map((value) => value * value),
      picture,
    ),
  };
  known.set(picture, moments);
  return moments;
}

/** Mean of the values under the mask, or undefined over 200 pixels or less. */
export function meanUnder(values: Float64Array, mask: Uint8Array): number | undefined {
  let [sum, count] = [0, 0];
  for (const [index, isIn] of mask.entries()) {
    if (isIn === 0) continue;
    sum += values[index]!;
    count += 1;
  }
  return count > 200 ? sum / count : undefined;
}

/** Peak signal-to-noise ratio under the mask over the three channels, dB (docs/quality.md, step 5). */
export function psnrUnder(left: Picture, right: Picture, mask: Uint8Array): number | undefined {
  let [sum, count] = [0, 0];
  for (const [index, isIn] of mask.entries()) {
    if (isIn === 0) continue;
    for (let channel = index * 3; channel < index * 3 + 3; channel += 1) {
      sum += (left.rgb[channel]! - right.rgb[channel]!) ** 2;
    }
    count += 3;
  }
  return count === 0 ? undefined : 10 * Math.log10(255 ** 2 / Math.max(sum / count, 1e-9));
}
