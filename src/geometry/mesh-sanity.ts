import type { Size } from '../contract/pixels.ts';
import type { Mesh, MeshGrid } from '../contract/warp-state.ts';
import { pointCount } from './rigid-mesh.ts';

/** A cell's edge may be this many times longer or shorter than over the view. */
const MAX_SCALE = 3;
/** The canvas may be this many times wider or higher than the views. */
const MAX_CANVAS = 3;

/** Smallest rectangle around points, pixels. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Smallest rectangle around all points of all meshes. */
export function boundsOf(meshes: readonly Mesh[]): Bounds {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const mesh of meshes) {
    for (let index = 0; index < mesh.length; index += 2) {
      left = Math.min(left, mesh[index]!);
      right = Math.max(right, mesh[index]!);
      top = Math.min(top, mesh[index + 1]!);
      bottom = Math.max(bottom, mesh[index + 1]!);
    }
  }
  return { left, top, right, bottom };
}

/** True when a cell of the mesh has a negative Jacobian at a corner, whatever the view's size. */
export function isFolded(mesh: Mesh, grid: MeshGrid): boolean {
  return cellsOf(grid).some((corners) => folds(edgesOf(mesh, corners)));
}

/**
 * Why a mesh cannot be used, in plain words, or undefined when it can: every point finite, no cell folded (negative
 * Jacobian at a corner), no cell edge scaled beyond 1:3 or 3:1 of the view.
 */
export function checkMesh(mesh: Mesh, grid: MeshGrid, view: Size): string | undefined {
  if (mesh.length !== pointCount(grid) * 2) return 'the alignment has the wrong number of control points';
  if (!mesh.every(Number.isFinite)) return 'the alignment is not finite';
  const stepX = view.widthPx / grid.cols;
  const stepY = view.heightPx / grid.rows;
  for (const corners of cellsOf(grid)) {
    const edges = edgesOf(mesh, corners);
    if (folds(edges)) return 'the alignment folds a view over itself';
    const scales = [
      ...edges.across.map(([x, y]) => Math.hypot(x, y) / stepX),
      ...edges.down.map(([x, y]) => Math.hypot(x, y) / stepY),
    ];
    if (Math.max(...scales) > MAX_SCALE) return 'the alignment stretches a view more than threefold';
    if (Math.min(...scales) < 1 / MAX_SCALE) return 'the alignment squeezes a view more than threefold';
  }
  return undefined;
}

/** Where the four corners of each cell are in a mesh, row by row. */
function cellsOf(grid: MeshGrid): (readonly [number, number, number, number])[] {
  const stride = 2 * (grid.cols + 1);
  return Array.from({ length: grid.rows * grid.cols }, (_, cell) => {
    const at = Math.floor(cell / grid.cols) * stride + (cell % grid.cols) * 2;
    return [at, at + 2, at + stride, at + stride + 2] as const;
  });
}

type Vector = readonly [number, number];

interface CellEdges {
  readonly across: readonly [Vector, Vector];
  readonly down: readonly [Vector, Vector];
}

function edgesOf(mesh: Mesh, [a, b, c, d]: readonly [number, number, number, number]): CellEdges {
  const edge = (from: number, to: number): Vector => [mesh[to]! - mesh[from]!, mesh[to + 1]! - mesh[from + 1]!];
  return { across: [edge(a, b), edge(c, d)], down: [edge(a, c), edge(b, d)] };
}

function folds({ across, down }: CellEdges): boolean {
  return across.some(([x1, y1]) => down.some(([x2, y2]) => x1 * y2 - y1 * x2 <= 0));
}

/** `checkMesh` for both views of a pair, and a canvas of at most three views each way. */
export function checkPair(
  meshes: { readonly reference: Mesh; readonly target: Mesh },
  grid: MeshGrid,
  views: { readonly reference: Size; readonly target: Size },
): string | undefined {
  // The plane has the reference's scale; a target of another working size is measured by its own width brought to that.
  const scale = views.reference.widthPx / views.target.widthPx;
  const target = { widthPx: views.reference.widthPx, heightPx: views.target.heightPx * scale };
  const reason = checkMesh(meshes.reference, grid, views.reference) ?? checkMesh(meshes.target, grid, target);
  if (reason !== undefined) return reason;
  const { left, right, top, bottom } = boundsOf([meshes.reference, meshes.target]);
  const height = Math.max(views.reference.heightPx, target.heightPx);
  if (right - left > MAX_CANVAS * views.reference.widthPx || bottom - top > MAX_CANVAS * height) {
    return 'the alignment makes the picture more than three views wide';
  }
  return undefined;
}
