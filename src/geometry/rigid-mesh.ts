import type { Size } from '../contract/pixels.ts';
import type { Mesh, MeshGrid } from '../contract/warp-state.ts';

/** Number of control points of a grid. */
export function pointCount(grid: MeshGrid): number {
  return (grid.rows + 1) * (grid.cols + 1);
}

/** The regular mesh over a view: x from 0 to its width, y from 0 to its height, far edges included. */
export function rigidMesh(grid: MeshGrid, size: Size): Mesh {
  const mesh = new Float64Array(pointCount(grid) * 2);
  let at = 0;
  for (let row = 0; row <= grid.rows; row += 1) {
    for (let col = 0; col <= grid.cols; col += 1) {
      mesh[at] = (col * size.widthPx) / grid.cols;
      mesh[at + 1] = (row * size.heightPx) / grid.rows;
      at += 2;
    }
  }
  return mesh;
}
