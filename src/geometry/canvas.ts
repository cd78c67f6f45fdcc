import type { Fill } from '../contract/job-spec.ts';
import type { Size } from '../contract/pixels.ts';
import type { CanvasGeometry, GeometryOrigin, Mesh, PlaneGeometry } from '../contract/warp-state.ts';
import { largestCoveredRectangle } from './covered-rectangle.ts';
import { boundsOf, type Bounds } from './mesh-sanity.ts';

/** Sides of a canvas are multiples of this (cells of the warp kernels). */
export const CANVAS_STEP = 16;

/** Sizes of both views, working pixels. */
export interface ViewSizes {
  readonly reference: Size;
  readonly target: Size;
}

/** How the common plane is shown on the output: canvas = plane · scale + offset. */
export interface CanvasPlan {
  readonly size: Size;
  readonly scale: number;
  readonly offsetXPx: number;
  readonly offsetYPx: number;
}

/** What limits a canvas. */
export interface CanvasOptions {
  /** Neither side becomes longer, pixels. */
  readonly maxWidthPx: number;
  /** Wanted sides, pixels; rounded down to multiples of 16. With one alone the other follows the picture. */
  readonly outputWidthPx?: number | undefined;
  readonly outputHeightPx?: number | undefined;
  readonly fill: Fill;
  /** Room left on each side for movement, as a share of the picture's width and height; not used by `crop`. */
  readonly marginShare: number;
}

/** Allows for rounding of sums that ought to be whole. */
const EPSILON = 1e-6;
const roundDown = (value: number): number =>
  Math.max(CANVAS_STEP, Math.floor((value + EPSILON) / CANVAS_STEP) * CANVAS_STEP);
const roundUp = (value: number): number =>
  Math.max(CANVAS_STEP, Math.ceil((value - EPSILON) / CANVAS_STEP) * CANVAS_STEP);

/**
 * The canvas that shows all given geometries: the smallest one plus a margin for `black` and `blur`, the largest
 * rectangle without border for `crop`. Views are not enlarged unless output sides are asked for.
 */
export function planCanvas(geometries: readonly PlaneGeometry[], options: CanvasOptions): CanvasPlan {
  const crop = options.fill === 'crop' ? largestCoveredRectangle(geometries) : undefined;
  if (crop !== undefined) return planAround(crop, options, true);
  const all = boundsOf(geometries.flatMap(({ reference, target }) => [reference, target]));
  const marginX = (all.right - all.left) * options.marginShare;
  const marginY = (all.bottom - all.top) * options.marginShare;
  const { left, right, top, bottom } = all;
  return planAround(
    { left: left - marginX, right: right + marginX, top: top - marginY, bottom: bottom + marginY },
    options,
    false,
  );
}

/** @param covered true: the canvas lies inside the rectangle; false: it shows the whole of it */
function planAround(area: Bounds, options: CanvasOptions, covered: boolean): CanvasPlan {
  const { maxWidthPx, outputWidthPx, outputHeightPx } = options;
  const width = area.right - area.left;
  const height = area.bottom - area.top;
  const round = covered ? roundDown : roundUp;
  let size: Size;
  let scale: number;
  if (outputWidthPx === undefined && outputHeightPx === undefined) {
    const limit = roundDown(maxWidthPx);
    scale = Math.min(1, limit / Math.max(width, height));
    size = { widthPx: Math.min(limit, round(width * scale)), heightPx: Math.min(limit, round(height * scale)) };
  } else {
    const widthPx = roundDown(outputWidthPx ?? Math.min(maxWidthPx, (outputHeightPx! * width) / height));
    const heightPx = roundDown(outputHeightPx ?? Math.min(maxWidthPx, (widthPx * height) / width));
    size = { widthPx, heightPx };
    const [across, down] = [size.widthPx / width, size.heightPx / height];
    scale = covered ? Math.max(across, down) : Math.min(across, down);
  }
  return {
    size,
    scale,
    offsetXPx: size.widthPx / 2 - (scale * (area.left + area.right)) / 2,
    offsetYPx: size.heightPx / 2 - (scale * (area.top + area.bottom)) / 2,
  };
}

/** The meshes of a geometry in canvas pixels, ready for node grids and for the report. */
export function toCanvas(
  plane: PlaneGeometry,
  plan: CanvasPlan,
  views: ViewSizes,
  version: number,
  origin: GeometryOrigin,
): CanvasGeometry {
  const place = (mesh: Mesh): Mesh =>
    mesh.map((value, index) => value * plan.scale + (index % 2 === 0 ? plan.offsetXPx : plan.offsetYPx));
  return {
    version,
    origin,
    canvas: plan.size,
    grid: plane.grid,
    referenceView: views.reference,
    targetView: views.target,
    reference: place(plane.reference),
    target: place(plane.target),
    rawReference: place(plane.rawReference),
    rawTarget: place(plane.rawTarget),
    confidence: plane.confidence,
    overlap: plane.overlap,
  };
}

/** True while every point of the geometry lies on the canvas, give or take `slackPx`. */
export function fitsCanvas(plane: PlaneGeometry, plan: CanvasPlan, slackPx = 0): boolean {
  const { left, right, top, bottom } = boundsOf([plane.reference, plane.target]);
  return (
    left * plan.scale + plan.offsetXPx >= -slackPx &&
    top * plan.scale + plan.offsetYPx >= -slackPx &&
    right * plan.scale + plan.offsetXPx <= plan.size.widthPx + slackPx &&
    bottom * plan.scale + plan.offsetYPx <= plan.size.heightPx + slackPx
  );
}
