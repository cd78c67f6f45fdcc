import type { WarpedView } from './original-warp.ts';

const BLUR_SIZE = 21;
const BLUR_SIGMA = 20;

/** AVERAGE of the published script: each channel weighted by its own brightness; 8 bits, cut off. */
export function blendAverage(one: WarpedView, two: WarpedView): Uint8Array {
  return Uint8Array.from(one.rgb, (a, index) => {
    const b = two.rgb[index] ?? 0;
    const sum = a + b + 1e-6;
    return Math.trunc(a * (a / sum) + b * (b / sum));
  });
}

/**
 * LINEAR of the published script: a ramp along the line between the centres of both views, blurred. With clean masks,
 * where the script's masks hold rounding residue outside the views (models-stabstitch2, section 8).
 * @throws RangeError when the views do not overlap, where the script fails too
 */
export function blendLinear(one: WarpedView, two: WarpedView, widthPx: number, heightPx: number): Uint8Array {
  const overlap = one.mask.map((value, index) => value * (two.mask[index] ?? 0));
  const ramp = rampOver(overlap, centre(one.mask, widthPx), centre(two.mask, widthPx), widthPx);
  const edge = one.mask.map((value, index) => value - (overlap[index] ?? 0) + (1 - (ramp[index] ?? 0)) * value);
  const soft = blur(blur(edge, widthPx, heightPx, 1, widthPx), heightPx, widthPx, widthPx, 1);
  return Uint8Array.from(one.rgb, (a, index) => {
    const pixel = Math.floor(index / 3);
    const mask = one.mask[pixel] ?? 0;
    const only = mask - (overlap[pixel] ?? 0);
    const weight = Math.min(1, Math.max(0, (soft[pixel] ?? 0) * mask + only));
    return Math.trunc(a * weight + (two.rgb[index] ?? 0) * (1 - weight) * (two.mask[pixel] ?? 0));
  });
}

function centre(mask: Float32Array, widthPx: number): [row: number, col: number] {
  let [rows, cols, count] = [0, 0, 0];
  for (const [pixel, value] of mask.entries()) {
    if (value === 0) continue;
    rows += Math.floor(pixel / widthPx);
    cols += pixel % widthPx;
    count += 1;
  }
  return [rows / count, cols / count];
}

function rampOver(
  overlap: Float32Array,
  from: readonly [number, number],
  to: readonly [number, number],
  widthPx: number,
): Float64Array {
  const along = Float64Array.from(overlap, (_value, pixel) => {
    const [row, col] = [Math.floor(pixel / widthPx), pixel % widthPx];
    return (row - from[0]) * (to[0] - from[0]) + (col - from[1]) * (to[1] - from[1]);
  });
  let [low, high] = [Infinity, -Infinity];
  for (const [pixel, value] of along.entries()) {
    if ((overlap[pixel] ?? 0) === 0) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) throw new RangeError('the views do not overlap');
  return along.map((value, pixel) => ((overlap[pixel] ?? 0) === 0 ? 0 : (value - low) / (high - low + 1e-3)));
}

/** Gaussian along one axis, mirrored at the ends without repeating the last pixel. */
function blur(values: Float32Array, length: number, lines: number, step: number, lineStep: number): Float32Array {
  const reach = (BLUR_SIZE - 1) / 2;
  const kernel = Array.from({ length: BLUR_SIZE }, (_item, tap) =>
    Math.exp(-((tap - reach) ** 2) / (2 * BLUR_SIGMA ** 2)),
  );
  const total = kernel.reduce((sum, value) => sum + value, 0);
  const result = new Float32Array(values.length);
  for (let line = 0; line < lines; line += 1) {
    for (let place = 0; place < length; place += 1) {
      let sum = 0;
      for (const [tap, weight] of kernel.entries()) {
        const raw = Math.abs(place + tap - reach);
        const mirrored = raw < length ? raw : 2 * (length - 1) - raw;
        sum += weight * (values[line * lineStep + mirrored * step] ?? 0);
      }
      result[line * lineStep + place * step] = sum / total;
    }
  }
  return result;
}
