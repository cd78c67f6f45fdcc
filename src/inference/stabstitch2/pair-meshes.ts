import type { Size } from '../../contract/pixels.ts';
import type { MeshGrid } from '../../contract/warp-state.ts';
import { apply, homographyFromCorners, invert, viewCorners, type Homography } from '../../geometry/homography.ts';
import { splitHomography, type PlaneMeshes } from '../../geometry/mid-plane.ts';
import { rigidMesh } from '../../geometry/rigid-mesh.ts';

/** What SpatialNet of StabStitch++ gives for a pair, pixels of its working size. */
export interface SpatialOffsets {
  /** Of the corners (0, 0), (W, 0), (0, H), (W, H), x and y interleaved: length 8. */
  readonly homographyOffsets: Float32Array;
  /** Added to the meshes that the halved homography gives, x and y interleaved. */
  readonly meshOffsetsReference: Float32Array;
  readonly meshOffsetsTarget: Float32Array;
}

/**
 * Meshes of both views on the virtual middle plane (models-stabstitch2, sections 3.3 and 3.7), pixels of `size`.
 * @throws RangeError when a corner would lie behind the horizon
 */
export function pairMeshes(offsets: SpatialOffsets, grid: MeshGrid, size: Size): PlaneMeshes {
  const corners = viewCorners(size);
  const moved = corners.map((value, index) => value + offsets.homographyOffsets[index]!);
  const split = splitHomography(homographyFromCorners(corners, moved), size, size);
  const mesh = (viewFromPlane: Homography, extra: Float32Array): Float64Array => {
    const planeFromView = invert(viewFromPlane);
    const points = rigidMesh(grid, size);
    for (let index = 0; index < points.length; index += 2) {
      const [x, y] = apply(planeFromView, points[index]!, points[index + 1]!);
      points[index] = x + extra[index]!;
      points[index + 1] = y + extra[index + 1]!;
    }
    return points;
  };
  return {
    reference: mesh(split.referenceFromPlane, offsets.meshOffsetsReference),
    target: mesh(split.targetFromPlane, offsets.meshOffsetsTarget),
  };
}
