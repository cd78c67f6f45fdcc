import type { Mesh, MeshGrid, PlaneGeometry } from '../contract/warp-state.ts';
import { boundsOf, type Bounds } from './mesh-sanity.ts';

/** Nodes along the longer side of the picture on which cover is counted. */
const NODES = 320;

/**
 * The largest rectangle, sides along the axes, that the two views cover in every one of the geometries: the picture
 * without border. Found on a lattice and kept one lattice step inside, since an edge between two control points bends.
 * @returns plane pixels, or undefined when nothing is covered
 */
export function largestCoveredRectangle(geometries: readonly PlaneGeometry[]): Bounds | undefined {
  const all = boundsOf(geometries.flatMap(({ reference, target }) => [reference, target]));
  const step = Math.max(all.right - all.left, all.bottom - all.top) / NODES;
  const cols = Math.floor((all.right - all.left) / step) + 1;
  const rows = Math.floor((all.bottom - all.top) / step) + 1;
  const covered = new Uint8Array(rows * cols).fill(1);
  for (const geometry of geometries) {
    const once = new Uint8Array(rows * cols);
    for (const mesh of [geometry.reference, geometry.target]) {
      markMesh(once, cols, rows, mesh, geometry.grid, all.left, all.top, step);
    }
    for (const [index, value] of once.entries()) covered[index]! &= value;
  }
  const found = largestRectangle(covered, cols, rows);
  if (found === undefined) return undefined;
  const rectangle = {
    left: all.left + (found.left + 1) * step,
    top: all.top + (found.top + 1) * step,
    right: all.left + (found.right - 1) * step,
    bottom: all.top + (found.bottom - 1) * step,
  };
  return rectangle.right > rectangle.left && rectangle.bottom > rectangle.top ? rectangle : undefined;
}

/** Sets the lattice nodes that lie in a cell of the mesh; each cell is two triangles. */
function markMesh(
  nodes: Uint8Array,
  cols: number,
  rows: number,
  mesh: Mesh,
  grid: MeshGrid,
  left: number,
  top: number,
  step: number,
): void {
  const stride = grid.cols + 1;
  const point = (index: number): Point => [(mesh[index * 2]! - left) / step, (mesh[index * 2 + 1]! - top) / step];
  for (let row = 0; row < grid.rows; row += 1) {
    for (let col = 0; col < grid.cols; col += 1) {
      const at = row * stride + col;
      const [a, b, c, d] = [point(at), point(at + 1), point(at + stride), point(at + stride + 1)];
      markTriangle(nodes, cols, rows, a, b, d);
      markTriangle(nodes, cols, rows, a, d, c);
    }
  }
}

type Point = readonly [number, number];

function markTriangle(nodes: Uint8Array, cols: number, rows: number, a: Point, b: Point, c: Point): void {
  const fromX = Math.max(0, Math.ceil(Math.min(a[0], b[0], c[0])));
  const toX = Math.min(cols - 1, Math.floor(Math.max(a[0], b[0], c[0])));
  const fromY = Math.max(0, Math.ceil(Math.min(a[1], b[1], c[1])));
  const toY = Math.min(rows - 1, Math.floor(Math.max(a[1], b[1], c[1])));
  // Corners run clockwise on the screen, so a point inside lies on the positive side of all three edges.
  const side = (p: Point, q: Point, x: number, y: number): number =>
    (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]);
  for (let y = fromY; y <= toY; y += 1) {
    for (let x = fromX; x <= toX; x += 1) {
      if (side(a, b, x, y) >= 0 && side(b, c, x, y) >= 0 && side(c, a, x, y) >= 0) nodes[y * cols + x] = 1;
    }
  }
}

/** Largest rectangle of set nodes by the histogram method, node numbers, inclusive. */
function largestRectangle(nodes: Uint8Array, cols: number, rows: number): Bounds | undefined {
  const heights = new Int32Array(cols + 1);
  let best: Bounds | undefined;
  let bestArea = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let col = 0; col < cols; col += 1) heights[col] = nodes[row * cols + col] === 1 ? heights[col]! + 1 : 0;
    const open: number[] = [];
    for (let col = 0; col <= cols; col += 1) {
      while (open.length > 0 && heights[open.at(-1)!]! >= heights[col]!) {
        const height = heights[open.pop()!]!;
        const from = open.length === 0 ? 0 : open.at(-1)! + 1;
        const area = (col - from - 1) * (height - 1);
        if (area > bestArea) {
          bestArea = area;
          best = { left: from, right: col - 1, top: row - height + 1, bottom: row };
        }
      }
      open.push(col);
    }
  }
  return best;
}
