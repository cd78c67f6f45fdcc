import type { Size } from '../../src/contract/pixels.ts';
import type { Mesh } from '../../src/contract/warp-state.ts';
import { rigidMesh } from '../../src/geometry/rigid-mesh.ts';
import { fitThinPlateSpline, type ThinPlateSpline } from '../../src/geometry/thin-plate-spline.ts';
import type { FarPoint, Pixel } from './demo-truth.ts';

/** `GET /stitch/:id/geometry`, or a frame of an offline report with the size of its canvas. */
export interface MeshPair {
  readonly width: number;
  readonly height: number;
  readonly reference: readonly (readonly Pixel[])[];
  readonly target: readonly (readonly Pixel[])[];
}

/** The map that the picture is drawn with: canvas pixel → pixel of a view. */
function canvasToView(rows: readonly (readonly Pixel[])[], canvas: Size, view: Size): ThinPlateSpline {
  const grid = { rows: rows.length - 1, cols: (rows[0]?.length ?? 0) - 1 };
  const mesh: Mesh = Float64Array.from(rows.flat(2));
  return fitThinPlateSpline(mesh, rigidMesh(grid, view), canvas);
}

/** Canvas pixel at which a pixel of the view is drawn, by Newton's method from a guess nearby. */
function drawnAt(spline: ThinPlateSpline, pixel: Pixel, guess: Pixel): Pixel {
  const at = (x: number, y: number): Pixel => spline.map(x, y);
  let [x, y] = guess;
  for (let step = 0; step < 20; step += 1) {
    const [u, v] = at(x, y);
    const [ux, vx] = at(x + 0.5, y);
    const [uy, vy] = at(x, y + 0.5);
    const [a, b, c, d] = [(ux - u) * 2, (uy - u) * 2, (vx - v) * 2, (vy - v) * 2];
    const [eu, ev] = [u - pixel[0], v - pixel[1]];
    const determinant = a * d - b * c;
    x -= (d * eu - b * ev) / determinant;
    y -= (a * ev - c * eu) / determinant;
    if (Math.hypot(eu, ev) < 1e-4) break;
  }
  return [x, y];
}

/**
 * Distance, in pixels of the target view, between what the panorama shows at a far point's place and the point itself,
 * for each point; NaN where it is not drawn.
 */
export function alignmentErrors(geometry: MeshPair, view: Size, points: readonly FarPoint[]): number[] {
  const canvas = { widthPx: geometry.width, heightPx: geometry.height };
  const reference = canvasToView(geometry.reference, canvas, view);
  const target = canvasToView(geometry.target, canvas, view);
  const corner = geometry.reference[Math.floor(geometry.reference.length / 2)] ?? [];
  return points.map((point) => {
    const column = Math.round((point.reference[0] / view.widthPx) * (corner.length - 1));
    const place = drawnAt(reference, point.reference, corner[column] ?? [0, 0]);
    const [x, y] = target.map(...place);
    return Math.hypot(x - point.target[0], y - point.target[1]);
  });
}

/** The middle value. @throws RangeError without values */
export function median(values: readonly number[]): number {
  const value = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  if (value === undefined) throw new RangeError('there is no value');
  return value;
}
