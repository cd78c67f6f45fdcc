import type { Report, ReportFrame, ReportMesh } from '../contract/report.ts';
import type { Size } from '../contract/pixels.ts';
import { apply, applyAll, invert, weightAt, type Homography } from '../geometry/homography.ts';
import { fitHomography } from '../geometry/homography-fit.ts';
import { checkMesh } from '../geometry/mesh-sanity.ts';
import { rigidMesh } from '../geometry/rigid-mesh.ts';
import { fitThinPlateSpline, type ThinPlateSpline } from '../geometry/thin-plate-spline.ts';

/** Spacing of the points at which a spline is evaluated; between them positions are interpolated linearly. */
const STEP_PX = 4;
/** Newton steps that invert canvas → reference view. They converge quadratically from the fitted homography. */
const NEWTON_STEPS = 6;

/** For each pixel of the left plane the position in the right plane, integer pixel centres, x and y interleaved. */
export interface PixelMap extends Size {
  readonly positions: Float64Array;
}

/** @param leftFromRight as OpenCV finds it, integer pixel centres in both planes */
export function mapOfHomography(leftFromRight: Homography, plane: Size): PixelMap {
  const rightFromLeft = invert(leftFromRight);
  const centre = weightAt(rightFromLeft, plane.widthPx / 2, plane.heightPx / 2);
  return fill(plane, (x, y) =>
    // Behind the horizon nothing is seen.
    weightAt(rightFromLeft, x, y) * centre > 0 ? apply(rightFromLeft, x, y) : [Number.NaN, Number.NaN],
  );
}

function fill(plane: Size, at: (x: number, y: number) => readonly [number, number]): PixelMap {
  const positions = new Float64Array(plane.widthPx * plane.heightPx * 2);
  for (let y = 0; y < plane.heightPx; y += 1) {
    for (let x = 0; x < plane.widthPx; x += 1) positions.set(at(x, y), (y * plane.widthPx + x) * 2);
  }
  return { ...plane, positions };
}

/** The warp of one panorama, repeated from the offline command's report (architecture.md, section 8). */
export interface ReportWarp {
  readonly map: PixelMap;
  /** Why a mesh is degenerate (folded, scaled beyond 1:3), or undefined. */
  readonly fault: string | undefined;
}

/** Repeats a warp. @param left, right sizes of the planes that are compared */
export function mapOfReport(report: Report, frame: ReportFrame, left: Size, right: Size): ReportWarp {
  const views = [report.views.reference, report.views.target].map(({ width, height }) => ({
    widthPx: width,
    heightPx: height,
  })) as [Size, Size];
  const canvas = { widthPx: report.width, heightPx: report.height };
  const [reference, target] = [meshOf(frame.reference, views[0]), meshOf(frame.target, views[1])];
  const fault = reference.fault ?? target.fault;
  try {
    const toCanvas = fitHomography(reference.rigid, reference.mesh);
    const points = nodes(left, views[0]);
    const spline = fitThinPlateSpline(reference.mesh, reference.rigid, canvas);
    const onCanvas = invertSpline(spline, points, applyAll(toCanvas, points));
    const onTarget = fitThinPlateSpline(target.mesh, target.rigid, canvas).mapAll(onCanvas);
    for (let at = 0; at < onTarget.length; at += 2) {
      onTarget[at] = (onTarget[at]! * right.widthPx) / views[1].widthPx - 0.5;
      onTarget[at + 1] = (onTarget[at + 1]! * right.heightPx) / views[1].heightPx - 0.5;
    }
    const isFolded = onCanvas.some(Number.isNaN);
    return { map: interpolate(onTarget, left), fault: fault ?? (isFolded ? FOLDED : undefined) };
  } catch (error) {
    // Control points that fall together leave nothing to repeat, which is a finding about the bundle, not a failure.
    if (!(error instanceof RangeError)) throw error;
    return { map: fill(left, () => [Number.NaN, Number.NaN]), fault: fault ?? error.message };
  }
}

const FOLDED = 'a view is folded and its warp has no inverse';

interface ViewMesh {
  readonly mesh: Float64Array;
  readonly rigid: Float64Array;
  readonly fault: string | undefined;
}

function meshOf(rows: ReportMesh, view: Size): ViewMesh {
  const grid = { rows: rows.length - 1, cols: (rows[0]?.length ?? 0) - 1 };
  const mesh = Float64Array.from(rows.flat(2));
  return { mesh, rigid: rigidMesh(grid, view), fault: checkMesh(mesh, grid, view) };
}

const nodeCount = (length: number): number => Math.ceil((length - 1) / STEP_PX) + 1;

/** Centres of every fourth pixel of the plane, as continuous points of the view. */
function nodes(plane: Size, view: Size): Float64Array {
  const [cols, rows] = [nodeCount(plane.widthPx), nodeCount(plane.heightPx)];
  const points = new Float64Array(cols * rows * 2);
  for (let index = 0; index < cols * rows; index += 1) {
    points[index * 2] = (((index % cols) * STEP_PX + 0.5) * view.widthPx) / plane.widthPx;
    points[index * 2 + 1] = ((Math.floor(index / cols) * STEP_PX + 0.5) * view.heightPx) / plane.heightPx;
  }
  return points;
}

/** Points that `spline` takes to `wanted`; NaN where it has no inverse. */
function invertSpline(spline: ThinPlateSpline, wanted: Float64Array, start: Float64Array): Float64Array {
  const found = start.slice();
  for (let at = 0; at < found.length; at += 2) {
    for (let step = 0; step < NEWTON_STEPS; step += 1) {
      const [x, y] = [found[at]!, found[at + 1]!];
      const [u, v] = spline.map(x, y);
      const [dx, dy] = [wanted[at]! - u, wanted[at + 1]! - v];
      if (Math.hypot(dx, dy) < 1e-3) break;
      const [ux, vx] = spline.map(x + 1, y);
      const [uy, vy] = spline.map(x, y + 1);
      const [a, b, c, d] = [ux - u, uy - u, vx - v, vy - v];
      const determinant = a * d - b * c;
      if (!(Math.abs(determinant) > 1e-6)) {
        found.fill(Number.NaN, at, at + 2);
        break;
      }
      found[at] = x + (d * dx - b * dy) / determinant;
      found[at + 1] = y + (a * dy - c * dx) / determinant;
    }
  }
  return found;
}

function interpolate(values: Float64Array, plane: Size): PixelMap {
  const cols = nodeCount(plane.widthPx);
  const last = { col: cols - 2, row: nodeCount(plane.heightPx) - 2 };
  const at = (col: number, row: number, axis: number): number => values[(row * cols + col) * 2 + axis]!;
  return fill(plane, (x, y) => {
    const [col, row] = [Math.min(last.col, Math.floor(x / STEP_PX)), Math.min(last.row, Math.floor(y / STEP_PX))];
    const [s, t] = [x / STEP_PX - col, y / STEP_PX - row];
    const mix = (axis: number): number =>
      (at(col, row, axis) * (1 - s) + at(col + 1, row, axis) * s) * (1 - t) +
      (at(col, row + 1, axis) * (1 - s) + at(col + 1, row + 1, axis) * s) * t;
    return [mix(0), mix(1)];
  });
}
