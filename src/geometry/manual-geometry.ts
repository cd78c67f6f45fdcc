import { SeamlineError } from '../common/seamline-error.ts';
import type { CanvasGeometry, ManualGeometry, Mesh, MeshGrid, PlaneGeometry } from '../contract/warp-state.ts';
import { planCanvas, toCanvas, type CanvasOptions, type ViewSizes } from './canvas.ts';
import { invert, multiply, scaleShift } from './homography.ts';
import { checkPair, isFolded } from './mesh-sanity.ts';
import { midPlaneMeshes, overlapShare } from './mid-plane.ts';
import { pointCount } from './rigid-mesh.ts';

type Rows = readonly (readonly (readonly [number, number])[])[];

const refuse = (field: string, message: string): SeamlineError =>
  new SeamlineError('invalid-request', `${field} ${message}`, { errors: [{ field, message }] });

/**
 * A geometry that a user fixed, on the canvas that exists (`outputWidthPx` and `outputHeightPx` given) or on one of
 * its own. Meshes keep the proportions of the canvas they were saved from.
 * @param grid control points of a homography's meshes
 * @throws SeamlineError `invalid-request` that names the field: wrong counts, points that are not finite, folded cells
 */
export function manualGeometry(
  manual: ManualGeometry,
  views: ViewSizes,
  grid: MeshGrid,
  options: CanvasOptions,
  version: number,
): CanvasGeometry {
  if (manual.kind === 'homography') {
    const plane = fromHomography(manual, views, grid);
    return toCanvas(plane, planCanvas([plane], options), views, version, 'manual');
  }
  const plane = fromMeshes(manual, views);
  const { width, height } = manual;
  // The saved canvas is shown whole: its corners take the place of the picture's bounds.
  const frame = { ...plane, reference: Float64Array.from([0, 0, width, height]), target: new Float64Array(0) };
  const plan = planCanvas([frame], { ...options, fill: 'black', marginShare: 0 });
  return toCanvas(plane, plan, views, version, 'manual');
}

/**
 * What is wrong with a geometry whatever the views are, in plain words, or undefined. Its counts must be right.
 * `manualGeometry` finds out the rest: what stretches views of this size too far.
 */
export function manualFault(manual: ManualGeometry): string | undefined {
  const folds = ({ grid, reference, target }: PlaneGeometry): string | undefined =>
    isFolded(reference, grid) || isFolded(target, grid) ? 'folds a view over itself' : undefined;
  try {
    if (manual.kind === 'meshes') return folds(readMeshes(manual));
    const view = { widthPx: manual.view_width, heightPx: manual.view_height };
    return folds(planeOf(manual, { reference: view, target: view }, { rows: 2, cols: 2 }));
  } catch (error) {
    if (error instanceof SeamlineError) return error.errors?.[0]?.message;
    throw error;
  }
}

type ManualHomography = Extract<ManualGeometry, { kind: 'homography' }>;
type ManualMeshes = Extract<ManualGeometry, { kind: 'meshes' }>;

function fromHomography(manual: ManualHomography, views: ViewSizes, grid: MeshGrid): PlaneGeometry {
  const plane = planeOf(manual, views, grid);
  const reason = checkPair(plane, grid, views);
  if (reason !== undefined) throw refuse('geometry.homography', `cannot be used: ${reason}`);
  return plane;
}

function planeOf(manual: ManualHomography, views: ViewSizes, grid: MeshGrid): PlaneGeometry {
  if (manual.homography.length !== 9 || !manual.homography.every(Number.isFinite)) {
    throw refuse('geometry.homography', 'must be nine numbers');
  }
  const { view_width: width, view_height: height } = manual;
  const toReference = scaleShift(views.reference.widthPx / width, views.reference.heightPx / height, 0, 0);
  const fromTarget = scaleShift(width / views.target.widthPx, height / views.target.heightPx, 0, 0);
  try {
    const referenceFromTarget = multiply(toReference, multiply(Float64Array.from(manual.homography), fromTarget));
    const alignment = {
      targetFromReference: invert(referenceFromTarget),
      residual: new Float64Array(pointCount(grid) * 2),
      grid,
      ...views,
    };
    const meshes = midPlaneMeshes(alignment);
    const overlap = overlapShare(alignment);
    return { grid, ...meshes, rawReference: meshes.reference, rawTarget: meshes.target, confidence: 1, overlap };
  } catch (error) {
    if (error instanceof RangeError) throw refuse('geometry.homography', 'turns a view away from the other');
    throw error;
  }
}

function fromMeshes(manual: ManualMeshes, views: ViewSizes): PlaneGeometry {
  const plane = readMeshes(manual);
  const reason = checkPair(plane, plane.grid, views);
  if (reason !== undefined) throw refuse('geometry', `cannot be used: ${reason}`);
  return plane;
}

function readMeshes(manual: ManualMeshes): PlaneGeometry {
  const grid = { rows: manual.reference.length - 1, cols: (manual.reference[0]?.length ?? 0) - 1 };
  const reference = readMesh(manual.reference, grid, 'geometry.reference');
  const target = readMesh(manual.target, grid, 'geometry.target');
  return { grid, reference, target, rawReference: reference, rawTarget: target, confidence: 1, overlap: 0 };
}

function readMesh(rows: Rows, grid: MeshGrid, field: string): Mesh {
  const isWhole = rows.length === grid.rows + 1 && rows.every((row) => row.length === grid.cols + 1);
  if (grid.rows < 1 || grid.cols < 1 || !isWhole) {
    throw refuse(field, 'must have at least two rows and columns of points, as many as geometry.reference');
  }
  const mesh = Float64Array.from(rows.flat(2));
  if (mesh.length !== pointCount(grid) * 2 || !mesh.every(Number.isFinite)) {
    throw refuse(field, 'must hold points of two numbers each');
  }
  return mesh;
}

/** A canvas geometry in the form that users store and send back. */
export function toManualGeometry(geometry: CanvasGeometry): ManualGeometry {
  return {
    kind: 'meshes',
    width: geometry.canvas.widthPx,
    height: geometry.canvas.heightPx,
    reference: meshRows(geometry.reference, geometry.grid),
    target: meshRows(geometry.target, geometry.grid),
  };
}

/** Rows of [x, y] points, as reports and saved geometries hold them. @param digits after the point */
export function meshRows(mesh: Mesh, grid: MeshGrid, digits = 3): Rows {
  const round = (value: number): number => Number(value.toFixed(digits));
  return Array.from({ length: grid.rows + 1 }, (_row, row) =>
    Array.from({ length: grid.cols + 1 }, (_col, col): [number, number] => {
      const at = (row * (grid.cols + 1) + col) * 2;
      return [round(mesh[at]!), round(mesh[at + 1]!)];
    }),
  );
}
