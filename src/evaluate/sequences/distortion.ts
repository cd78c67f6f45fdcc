import type { Mesh, MeshGrid } from '../../contract/warp-state.ts';
import type { Size } from '../../contract/pixels.ts';

/**
 * How far the worst cell of a mesh is from a mere turn and zoom: ratio of its longest to its shortest stretch; 1 is
 * free of distortion, Infinity a folded cell.
 */
export function distortionOf(mesh: Mesh, grid: MeshGrid, view: Size): number {
  const [stepX, stepY] = [view.widthPx / grid.cols, view.heightPx / grid.rows];
  const stride = 2 * (grid.cols + 1);
  let worst = 1;
  for (let row = 0; row < grid.rows; row += 1) {
    for (let col = 0; col < grid.cols; col += 1) {
      const at = row * stride + col * 2;
      const [ax, ay] = edge(mesh, at, at + 2, stepX);
      const [bx, by] = edge(mesh, at, at + stride, stepY);
      worst = Math.max(worst, stretchRatio(ax, ay, bx, by));
    }
  }
  return worst;
}

function edge(mesh: Mesh, from: number, to: number, step: number): [number, number] {
  return [(mesh[to]! - mesh[from]!) / step, (mesh[to + 1]! - mesh[from + 1]!) / step];
}

/** Ratio of the singular values of the matrix with columns a and b. */
function stretchRatio(ax: number, ay: number, bx: number, by: number): number {
  const determinant = ax * by - ay * bx;
  if (!(determinant > 0)) return Infinity;
  const sum = ax * ax + ay * ay + bx * bx + by * by;
  const root = Math.sqrt(Math.max(0, sum * sum - 4 * determinant * determinant));
  return Math.sqrt((sum + root) / (sum - root));
}
