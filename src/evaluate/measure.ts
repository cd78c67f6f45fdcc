import type { Picture } from '../model-tools/picture.ts';
import { fitHomography } from '../geometry/homography-fit.ts';
import type { PixelMap } from './pixel-map.ts';
import { coreOf, meanUnder, psnrUnder, ssimMap, warp, type WarpedPicture } from './similarity.ts';

/** One way to align a pair, measured in the frame of the left picture. */
export interface Alignment {
  readonly map: PixelMap;
  readonly warped: WarpedPicture;
  readonly ssimValues: Float64Array;
  /** Share of the left picture's pixels that the right one covers. */
  readonly overlap: number;
  readonly ssim: number | undefined;
  readonly psnrDb: number | undefined;
}

/** Draws and measures one alignment over its own overlap (docs/quality.md, steps 3 to 5). */
export function measure(left: Picture, right: Picture, map: PixelMap): Alignment {
  const warped = warp(right, map);
  const ssimValues = ssimMap(left, warped.picture);
  const covered = warped.mask.reduce((sum, value) => sum + value, 0);
  return {
    map,
    warped,
    ssimValues,
    overlap: covered / warped.mask.length,
    ssim: meanUnder(ssimValues, coreOf(warped.mask, map)),
    psnrDb: psnrUnder(left, warped.picture, warped.mask),
  };
}

/** SSIM of two alignments of the same pair over the overlap they have in common: pixels that only one has count for none. */
export function compare(ours: Alignment, theirs: Alignment): readonly [number | undefined, number | undefined] {
  const common = ours.warped.mask.map((value, index) => value & theirs.warped.mask[index]!);
  const core = coreOf(common, ours.map);
  return [meanUnder(ours.ssimValues, core), meanUnder(theirs.ssimValues, core)];
}

/** The homography nearest to a map where the right picture covers the left one, as a map. Undefined without overlap. */
export function nearestHomography({ map, warped }: Alignment): Float64Array | undefined {
  const [from, to]: [number[], number[]] = [[], []];
  for (let y = 0; y < map.heightPx; y += 6) {
    for (let x = 0; x < map.widthPx; x += 6) {
      const pixel = y * map.widthPx + x;
      if (warped.mask[pixel] === 0) continue;
      from.push(map.positions[pixel * 2]!, map.positions[pixel * 2 + 1]!);
      to.push(x, y);
    }
  }
  return from.length < 40 ? undefined : fitHomography(Float64Array.from(from), Float64Array.from(to));
}

/**
 * Least and largest local scale of a map relative to another one, where both are covered: the square root of the
 * ratio of the areas to which they take the same four pixels wide square.
 */
export function relativeScale(ours: Alignment, theirs: PixelMap): readonly [number, number] | undefined {
  const { map, warped } = ours;
  const side = 4;
  let [least, largest] = [Infinity, -Infinity];
  for (let y = 0; y + side < map.heightPx; y += side) {
    for (let x = 0; x + side < map.widthPx; x += side) {
      const corners = [0, side, side * map.widthPx, side * map.widthPx + side].map(
        (step) => y * map.widthPx + x + step,
      );
      if (corners.some((pixel) => warped.mask[pixel] === 0)) continue;
      const scale = Math.sqrt(areaOf(map, corners) / areaOf(theirs, corners));
      if (Number.isNaN(scale)) continue;
      least = Math.min(least, scale);
      largest = Math.max(largest, scale);
    }
  }
  return least > largest ? undefined : [least, largest];
}

/** Signed area of the image of a square, from its diagonals. */
function areaOf({ positions }: PixelMap, [a, b, c, d]: readonly number[]): number {
  const diagonal = (from = 0, to = 0): [number, number] => [
    positions[to * 2]! - positions[from * 2]!,
    positions[to * 2 + 1]! - positions[from * 2 + 1]!,
  ];
  const [x1, y1] = diagonal(a, d);
  const [x2, y2] = diagonal(b, c);
  return (x1 * y2 - y1 * x2) / 2;
}
