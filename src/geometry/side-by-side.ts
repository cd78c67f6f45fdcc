import type { CanvasGeometry, Mesh, PlaneGeometry } from '../contract/warp-state.ts';
import { planCanvas, toCanvas, type CanvasOptions, type ViewSizes } from './canvas.ts';
import { rigidMesh } from './rigid-mesh.ts';

/** Two rigid rectangles need few control points. */
const GRID = { rows: 2, cols: 2 };

/** The target right of the reference at the same height, both whole and unbent, in the scale of the reference. */
export function sideBySidePlane(views: ViewSizes): PlaneGeometry {
  const { reference: left, target: right } = views;
  const scale = left.heightPx / right.heightPx;
  const reference = rigidMesh(GRID, left);
  const target: Mesh = rigidMesh(GRID, right).map(
    (value, index) => value * scale + (index % 2 === 0 ? left.widthPx : 0),
  );
  return {
    grid: GRID,
    reference,
    target,
    rawReference: reference,
    rawTarget: target,
    confidence: 0,
    overlap: 0,
  };
}

/**
 * What is shown before there is an alignment. Give `outputWidthPx` and `outputHeightPx` to fit it into a canvas that
 * exists already.
 */
export function sideBySide(
  views: ViewSizes,
  options: Omit<CanvasOptions, 'fill' | 'marginShare'>,
  version: number,
): CanvasGeometry {
  const plane = sideBySidePlane(views);
  return toCanvas(
    plane,
    planCanvas([plane], { ...options, fill: 'black', marginShare: 0 }),
    views,
    version,
    'side-by-side',
  );
}
