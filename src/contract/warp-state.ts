import type { Size } from './pixels.ts';

/** Cells of a control mesh: (rows + 1) × (cols + 1) points. */
export interface MeshGrid {
  readonly rows: number;
  readonly cols: number;
}

/**
 * Control points of one view, row by row, x and y interleaved: length 2 · (rows + 1) · (cols + 1).
 * Continuous pixels: a view or canvas spans 0 … width, pixel (c, r) has its centre at (c + 0.5, r + 0.5).
 */
export type Mesh = Float64Array;

/** Where a geometry came from. */
export type GeometryOrigin = 'network' | 'held' | 'side-by-side' | 'manual';

/**
 * One alignment of a pair, before it is fitted into a canvas: where each control point of each view lies on the
 * common plane. Plane coordinates are continuous pixels in the scale of the reference view (its working size), origin
 * at the reference view's top-left corner before it was warped. The control points themselves lie on a regular mesh
 * over each view, corners included.
 */
export interface PlaneGeometry {
  readonly grid: MeshGrid;
  /** Meshes the picture is made with: smoothed. */
  readonly reference: Mesh;
  readonly target: Mesh;
  /** The same before smoothing. */
  readonly rawReference: Mesh;
  readonly rawTarget: Mesh;
  /** 0 … 1, from the bundle's calibrated network output. */
  readonly confidence: number;
  /** Share of the reference view that the target view covers, 0 … 1. */
  readonly overlap: number;
}

/** A geometry in canvas pixels, ready for node grids and for the report. */
export interface CanvasGeometry {
  /** Rises with every new geometry of a job. */
  readonly version: number;
  readonly origin: GeometryOrigin;
  readonly canvas: Size;
  readonly grid: MeshGrid;
  /** Sizes of the views whose control points are given, working pixels. */
  readonly referenceView: Size;
  readonly targetView: Size;
  readonly reference: Mesh;
  readonly target: Mesh;
  readonly rawReference: Mesh;
  readonly rawTarget: Mesh;
  readonly confidence: number;
  readonly overlap: number;
}

/** What a user may fix by hand, the same form that `GET /stitch/:id/geometry` returns. */
export type ManualGeometry =
  | {
      readonly kind: 'meshes';
      /** Canvas the points refer to, pixels. */
      readonly width: number;
      readonly height: number;
      /** Rows of [x, y] points, canvas pixels, as in the offline report. */
      readonly reference: readonly (readonly (readonly [number, number])[])[];
      readonly target: readonly (readonly (readonly [number, number])[])[];
    }
  | {
      readonly kind: 'homography';
      /** Row-major 3×3, reference ← target, continuous pixels of views of `view_width` × `view_height`. */
      readonly homography: readonly number[];
      readonly view_width: number;
      readonly view_height: number;
    };
