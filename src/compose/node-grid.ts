import type { Size } from '../contract/pixels.ts';
import type { Mesh, MeshGrid } from '../contract/warp-state.ts';
import { rigidMesh } from '../geometry/rigid-mesh.ts';
import type { ThinPlateSpline } from '../geometry/thin-plate-spline.ts';
import { fitThinPlateSpline } from '../geometry/thin-plate-spline.ts';
import type { Kernels } from '../kernels/index.ts';
import { CELL_PX, nodeGrid } from '../kernels/strip-layout.ts';

/** Largest number of control points of a mesh. */
const MAX_CONTROL_POINTS = 1024;

/** Bytes of working memory that `writeNodes` needs. */
export const NODE_SCRATCH_BYTES = MAX_CONTROL_POINTS * 16 + 32;

/** The canvas → view map of one view, continuous pixels. @throws RangeError when the mesh is degenerate */
export function fitView(mesh: Mesh, grid: MeshGrid, view: Size, canvas: Size): ThinPlateSpline {
  return fitThinPlateSpline(mesh, rigidMesh(grid, view), canvas);
}

/**
 * Evaluates a canvas → view map at the nodes of the canvas: signed 16.16 integer-centre source pixels.
 * @param scratch NODE_SCRATCH_BYTES of shared memory that only this thread uses, a multiple of 16
 * @param out nodeBytes of shared memory, a multiple of 16
 * @throws RangeError for more than MAX_CONTROL_POINTS control points
 */
export function writeNodes(
  spline: ThinPlateSpline,
  canvas: Size,
  kernels: Kernels,
  scratch: number,
  out: number,
): void {
  const { centres, weights, affine } = spline;
  const count = centres.length / 2;
  if (count > MAX_CONTROL_POINTS) throw new RangeError(`more than ${MAX_CONTROL_POINTS} control points`);
  const values = new Float32Array(kernels.memory.buffer, scratch, count * 4 + 6);
  for (let index = 0; index < count; index += 1) {
    values[index * 4] = centres[index * 2] ?? 0;
    values[index * 4 + 1] = centres[index * 2 + 1] ?? 0;
    values[index * 4 + 2] = weights[index * 2] ?? 0;
    values[index * 4 + 3] = weights[index * 2 + 1] ?? 0;
  }
  values.set(affine, count * 4);
  // Here, and only here, continuous coordinates become integer-centre ones: pixel centres lie at + 0.5 on the canvas,
  // and the kernel counts source pixels from the centre of the first.
  values[count * 4] = (affine[0] ?? 0) - 0.5;
  values[count * 4 + 3] = (affine[3] ?? 0) - 0.5;
  const grid = nodeGrid(canvas);
  kernels.raw.tpsNodes(
    scratch,
    count,
    scratch + count * 16,
    1 / canvas.widthPx - 1,
    1 / canvas.heightPx - 1,
    (2 * CELL_PX) / canvas.widthPx,
    (2 * CELL_PX) / canvas.heightPx,
    grid.columns,
    grid.rows,
    out,
  );
}
