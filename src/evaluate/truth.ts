import type { Size } from '../contract/pixels.ts';
import type { Truth } from './cases.ts';
import type { Alignment } from './measure.ts';
import { PLANE_WIDTH_PX } from './plane-picture.ts';

/** Corresponding points in the planes that are compared, x and y interleaved, integer pixel centres. */
export type TruthPoints = Truth;

/** Brings points of two pictures of the given sizes into their planes of 480 px width. */
export function truthInPlanes(truth: Truth, left: Size, right: Size): TruthPoints {
  const place = (points: Float64Array, { widthPx }: Size): Float64Array =>
    points.map((value) => ((value + 0.5) * PLANE_WIDTH_PX) / widthPx - 0.5);
  return { left: place(truth.left, left), right: place(truth.right, right) };
}

/**
 * Mean distance between where an alignment says that points of the left picture lie in the right one and where they do,
 * pixels at 480 px width. Infinity without an alignment, or when a point is said to lie nowhere.
 */
export function errorOf(alignment: Alignment | undefined, truth: TruthPoints | undefined): number | undefined {
  if (truth === undefined || truth.left.length === 0) return undefined;
  if (alignment === undefined) return Infinity;
  const { positions, widthPx, heightPx } = alignment.map;
  let sum = 0;
  for (let at = 0; at < truth.left.length; at += 2) {
    const [x, y] = [truth.left[at]!, truth.left[at + 1]!];
    const col = Math.min(widthPx - 2, Math.max(0, Math.floor(x)));
    const row = Math.min(heightPx - 2, Math.max(0, Math.floor(y)));
    const [s, t] = [x - col, y - row];
    const mix = (axis: number): number => {
      const value = (dx: number, dy: number): number => positions[((row + dy) * widthPx + col + dx) * 2 + axis]!;
      return (value(0, 0) * (1 - s) + value(1, 0) * s) * (1 - t) + (value(0, 1) * (1 - s) + value(1, 1) * s) * t;
    };
    const distance = Math.hypot(mix(0) - truth.right[at]!, mix(1) - truth.right[at + 1]!);
    if (Number.isNaN(distance)) return Infinity;
    sum += distance;
  }
  return (sum * 2) / truth.left.length;
}
