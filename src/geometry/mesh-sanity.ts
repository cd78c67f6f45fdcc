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

/**
 * Why a mesh cannot be used, in plain words, or undefined when it can: every point finite, no cell folded (negative
 * Jacobian at a corner), no cell edge scaled beyond 1:3 or 3:1 of the view.
 */
export function checkMesh(mesh: Mesh, grid: MeshGrid, view: Size): string | undefined {
  if (mesh.length !== pointCount(grid) * 2) return 'the alignment has the wrong number of control points';
  if (!mesh.every(Number.isFinite)) return 'the alignment is not finite';
  const stepX = view.widthPx / grid.cols;
  const stepY = view.heightPx / grid.rows;
  const stride = 2 * (grid.cols + 1);
  for (let row = 0; row < grid.rows; row += 1) {
    for (let col = 0; col < grid.cols; col += 1) {
      const at = row * stride + col * 2;
      const reason = checkCell(mesh, [at, at + 2, at + stride, at + stride + 2], stepX, stepY);
      if (reason !== undefined) return reason;
    }
  }
  return undefined;
}

function checkCell(mesh: Mesh, corners: readonly number[], stepX: number, stepY: number): string | undefined {
  const [a, b, c, d] = corners as [number, number, number, number];
  const edge = (from: number, to: number): [number, number] => [
    mesh[to]! - mesh[from]!,
    mesh[to + 1]! - mesh[from + 1]!,
  ];
  const across = [edge(a, b), edge(c, d)] as const;
  const down = [edge(a, c), edge(b, d)] as const;
  for (const [x1, y1] of across) {
    for (const [x2, y2] of down) if (x1 * y2 - y1 * x2 <= 0) return 'the alignment folds a view over itself';
  }
  const scales = [
    ...across.map(([x, y]) => Math.hypot(x, y) / stepX),
    ...down.map(([x, y]) => Math.hypot(x, y) / stepY),
  ];
  if (Math.max(...scales) > MAX_SCALE) return 'the alignment stretches a view more than threefold';
  if (Math.min(...scales) < 1 / MAX_SCALE) return 'the alignment squeezes a view more than threefold';
  return undefined;
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
