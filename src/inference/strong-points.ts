import type { Plane } from './luma-pyramid.ts';

/** Which points are chosen. */
export interface PointChoice {
  /** Side of a tile, pixels. */
  readonly tile: number;
  /** Points kept in each tile. */
  readonly perTile: number;
  /** No point is nearer to the border, pixels; at least 1. */
  readonly margin: number;
  /** Points of a weaker gradient, levels a pixel, are left out. */
  readonly minGradient: number;
}

/**
 * The points of strongest gradient of every tile that has any, strongest first: no object of the scene can have them
 * all.
 * @returns indices into the plane, tile by tile
 */
export function strongPoints(plane: Plane, { tile, perTile, margin, minGradient }: PointChoice): number[][] {
  const { width, height } = plane;
  const [right, bottom] = [width - margin, height - margin];
  const tiles: number[][] = [];
  for (let top = margin; top < bottom; top += tile) {
    for (let left = margin; left < right; left += tile) {
      const points = strongestOf(plane, left, top, Math.min(left + tile, right), Math.min(top + tile, bottom), {
        perTile,
        // Compared with squares of differences over two pixels.
        least: 4 * minGradient * minGradient,
      });
      if (points.length > 0) tiles.push(points);
    }
  }
  return tiles;
}

function strongestOf(
  { values, width }: Plane,
  left: number,
  top: number,
  right: number,
  bottom: number,
  { perTile, least }: { readonly perTile: number; readonly least: number },
): number[] {
  const points: number[] = [];
  const strengths: number[] = [];
  for (let y = top; y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) {
      const at = y * width + x;
      const gx = values[at + 1]! - values[at - 1]!;
      const gy = values[at + width]! - values[at - width]!;
      const strength = gx * gx + gy * gy;
      if (strength <= least || (points.length === perTile && strength <= strengths[perTile - 1]!)) continue;
      // Kept in order: a tile has few.
      let place = Math.min(points.length, perTile - 1);
      for (; place > 0 && strengths[place - 1]! < strength; place -= 1) {
        points[place] = points[place - 1]!;
        strengths[place] = strengths[place - 1]!;
      }
      points[place] = at;
      strengths[place] = strength;
    }
  }
  return points;
}
