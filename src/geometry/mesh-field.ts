import type { Size } from '../contract/pixels.ts';
import type { MeshGrid } from '../contract/warp-state.ts';

/**
 * Value of a field given at the control points of a view, bilinear inside a cell, that of the nearest border point
 * outside the view.
 * @param field x and y interleaved, one value per control point
 * @param x continuous pixels of the view
 */
export function sampleField(field: Float64Array, grid: MeshGrid, view: Size, x: number, y: number): [number, number] {
  const gx = Math.min(grid.cols, Math.max(0, (x / view.widthPx) * grid.cols));
  const gy = Math.min(grid.rows, Math.max(0, (y / view.heightPx) * grid.rows));
  const col = Math.min(grid.cols - 1, Math.floor(gx));
  const row = Math.min(grid.rows - 1, Math.floor(gy));
  const fx = gx - col;
  const fy = gy - row;
  const stride = 2 * (grid.cols + 1);
  const at = row * stride + col * 2;
  const blend = (offset: number): number =>
    (1 - fy) * ((1 - fx) * field[at + offset]! + fx * field[at + 2 + offset]!) +
    fy * ((1 - fx) * field[at + stride + offset]! + fx * field[at + stride + 2 + offset]!);
  return [blend(0), blend(1)];
}
