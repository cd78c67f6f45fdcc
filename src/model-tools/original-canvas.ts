import type { PlaneMeshes } from '../geometry/mid-plane.ts';

/** Canvas of the published script: the extent of all control points of a clip, its size cut to whole pixels. */
export interface OriginalCanvas {
  readonly xMin: number;
  readonly yMin: number;
  readonly width: number;
  readonly height: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** x_min, x_max, y_min, y_max, width, height, whole width, whole height. */
  readonly asList: readonly number[];
}

/** @param finals smoothed meshes of all frames, pixels (models-stabstitch2, section 8) */
export function originalCanvas(finals: readonly PlaneMeshes[]): OriginalCanvas {
  let [xMin, xMax, yMin, yMax] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const mesh of finals.flatMap(({ reference, target }) => [reference, target])) {
    for (let index = 0; index < mesh.length; index += 2) {
      const [x, y] = [mesh[index] ?? 0, mesh[index + 1] ?? 0];
      [xMin, xMax] = [Math.min(xMin, x), Math.max(xMax, x)];
      [yMin, yMax] = [Math.min(yMin, y), Math.max(yMax, y)];
    }
  }
  const [width, height] = [xMax - xMin, yMax - yMin];
  const [widthPx, heightPx] = [Math.trunc(width), Math.trunc(height)];
  return {
    xMin,
    yMin,
    width,
    height,
    widthPx,
    heightPx,
    asList: [xMin, xMax, yMin, yMax, width, height, widthPx, heightPx],
  };
}
