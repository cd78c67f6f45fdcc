import type { Size } from '../contract/pixels.ts';
import type { Mesh, MeshGrid } from '../contract/warp-state.ts';
import {
  apply,
  homographyFromCorners,
  invert,
  isInFront,
  multiply,
  scaleShift,
  viewCorners,
  weightAt,
  type Homography,
} from './homography.ts';
import { sampleField } from './mesh-field.ts';
import { rigidMesh } from './rigid-mesh.ts';

/** How a pair lies: a point x of the reference shows what the target shows at H(x + residual(x)). */
export interface PairAlignment {
  /** Target ← reference, continuous pixels of both views. */
  readonly targetFromReference: Homography;
  /** Residual at the reference's control points, pixels of the reference, x and y interleaved. */
  readonly residual: Float64Array;
  readonly grid: MeshGrid;
  readonly reference: Size;
  readonly target: Size;
}

/** Where the control points of both views lie on the common plane, pixels in the scale of the reference. */
export interface PlaneMeshes {
  readonly reference: Mesh;
  readonly target: Mesh;
}

/** Share of a view's width over which the residual stays whole outside the overlap, and then fades to nothing. */
const FULL_SHARE = 1 / 12;
const FADE_SHARE = 1 / 4;

/** The two halves of a homography about the virtual middle plane (models-stabstitch2, section 3.3). */
export interface MidPlane {
  /** Middle plane → view, continuous pixels of each. */
  readonly referenceFromPlane: Homography;
  readonly targetFromPlane: Homography;
}

/**
 * Halves the corner offsets of H: each view is bent half as much as one alone would be. A target of another size is
 * first brought to the reference's width about its centre, so that a difference of working sizes is not halved too.
 * @throws RangeError when a corner of either view would lie behind the horizon
 */
export function splitHomography(targetFromReference: Homography, reference: Size, target: Size): MidPlane {
  const scale = reference.widthPx / target.widthPx;
  const alikeFromTarget = scaleShift(scale, scale, 0, (reference.heightPx - target.heightPx * scale) / 2);
  const alikeFromReference = multiply(alikeFromTarget, targetFromReference);
  if (!isInFront(alikeFromReference, reference)) throw new RangeError('a corner lies behind the horizon');
  const corners = viewCorners(reference);
  const halfway = corners.map((value, index) => {
    const image = apply(alikeFromReference, corners[index & ~1]!, corners[index | 1]!);
    return (value + image[index & 1]!) / 2;
  });
  const alikeFromPlane = homographyFromCorners(corners, halfway);
  const split = {
    referenceFromPlane: multiply(invert(alikeFromReference), alikeFromPlane),
    targetFromPlane: multiply(invert(alikeFromTarget), alikeFromPlane),
  };
  if (!isInFront(invert(split.referenceFromPlane), reference) || !isInFront(invert(split.targetFromPlane), target)) {
    throw new RangeError('a corner lies behind the horizon');
  }
  return split;
}

/** 1 within one cell around a view, 0 far outside. */
function fade(x: number, y: number, view: Size): number {
  const dx = Math.max(0, -x, x - view.widthPx) / view.widthPx;
  const dy = Math.max(0, -y, y - view.heightPx) / view.widthPx;
  const t = Math.min(1, Math.max(0, 1 - (Math.hypot(dx, dy) - FULL_SHARE) / FADE_SHARE));
  return t * t * (3 - 2 * t);
}

/**
 * Meshes of both views on the middle plane. Each view takes half of the residual, with opposite sign, so that the
 * views still meet; outside the overlap the residual fades to nothing.
 * @throws RangeError when a corner of either view would lie behind the horizon
 */
export function midPlaneMeshes(alignment: PairAlignment): PlaneMeshes {
  const { targetFromReference, grid, reference, target } = alignment;
  const split = splitHomography(targetFromReference, reference, target);
  return {
    reference: referenceMesh(alignment, invert(split.referenceFromPlane), rigidMesh(grid, reference)),
    target: targetMesh(alignment, split, rigidMesh(grid, target)),
  };
}

function referenceMesh(alignment: PairAlignment, planeFromReference: Homography, mesh: Mesh): Mesh {
  const { targetFromReference, residual, target } = alignment;
  for (let index = 0; index < mesh.length; index += 2) {
    const [x, y] = [mesh[index]!, mesh[index + 1]!];
    const [dx, dy] = [residual[index]!, residual[index + 1]!];
    const half = 0.5 * fade(...apply(targetFromReference, x + dx, y + dy), target);
    mesh.set(apply(planeFromReference, x + half * dx, y + half * dy), index);
  }
  return mesh;
}

function targetMesh(alignment: PairAlignment, split: MidPlane, mesh: Mesh): Mesh {
  const { targetFromReference, residual, grid, reference } = alignment;
  const referenceFromTarget = invert(targetFromReference);
  const planeFromTarget = invert(split.targetFromPlane);
  const planeFromReference = invert(split.referenceFromPlane);
  const near = Math.sign(weightAt(referenceFromTarget, alignment.target.widthPx / 2, alignment.target.heightPx / 2));
  for (let index = 0; index < mesh.length; index += 2) {
    const [x, y] = [mesh[index]!, mesh[index + 1]!];
    const [zx, zy] = apply(referenceFromTarget, x, y);
    let share = 0;
    let shift: [number, number] = [0, 0];
    if (weightAt(referenceFromTarget, x, y) * near > 0) {
      shift = residualThrough(residual, grid, reference, zx, zy);
      share = 0.5 * fade(zx - shift[0], zy - shift[1], reference);
    }
    const image =
      share === 0
        ? apply(planeFromTarget, x, y)
        : apply(planeFromReference, zx - share * shift[0], zy - share * shift[1]);
    mesh.set(image, index);
  }
  return mesh;
}

/** The residual u(x) of the point x with x + u(x) = z, by fixed-point iteration (the residual changes slowly). */
function residualThrough(residual: Float64Array, grid: MeshGrid, view: Size, zx: number, zy: number): [number, number] {
  let shift: [number, number] = [0, 0];
  for (let pass = 0; pass < 5; pass += 1) shift = sampleField(residual, grid, view, zx - shift[0], zy - shift[1]);
  return shift;
}

/** Share of the reference view that the target view covers, 0 … 1, counted on a lattice of 48 × 36 points. */
export function overlapShare(alignment: PairAlignment): number {
  const { targetFromReference, residual, grid, reference, target } = alignment;
  const near = Math.sign(weightAt(targetFromReference, reference.widthPx / 2, reference.heightPx / 2));
  const [across, down] = [48, 36];
  let inside = 0;
  for (let row = 0; row < down; row += 1) {
    for (let col = 0; col < across; col += 1) {
      const px = ((col + 0.5) / across) * reference.widthPx;
      const py = ((row + 0.5) / down) * reference.heightPx;
      const [dx, dy] = sampleField(residual, grid, reference, px, py);
      if (weightAt(targetFromReference, px + dx, py + dy) * near <= 0) continue;
      const [x, y] = apply(targetFromReference, px + dx, py + dy);
      if (x >= 0 && x <= target.widthPx && y >= 0 && y <= target.heightPx) inside += 1;
    }
  }
  return inside / (across * down);
}
