import type { Size } from '../contract/pixels.ts';
import type { Mesh, MeshGrid } from '../contract/warp-state.ts';
import { rigidMesh } from './rigid-mesh.ts';
import { ThinPlateSplineFitter } from './thin-plate-spline.ts';

/**
 * Follows one view from frame to frame (models-stabstitch2, section 6). The content of a control point at R was at
 * R + motion in the frame before, and was drawn there at f(R + motion), f being the spline R → mesh of that frame.
 */
export class Trajectory {
  readonly #rigid: Mesh;
  readonly #fitter: ThinPlateSplineFitter;

  constructor(grid: MeshGrid, view: Size) {
    this.#rigid = rigidMesh(grid, view);
    this.#fitter = new ThinPlateSplineFitter(this.#rigid, view);
  }

  /**
   * Where the content of each control point was drawn in the frame before.
   * @param before the view's mesh in that frame, any plane
   * @param motion of the control points from this frame back to that one, pixels of the view
   */
  transport(before: Mesh, motion: Float64Array): Mesh {
    const moved = this.#rigid.map((value, index) => value + motion[index]!);
    return this.#fitter.fit(before).mapAll(moved);
  }
}
