import { SeamlineError } from '../../common/seamline-error.ts';
import type { Size } from '../../contract/pixels.ts';
import type { Report, ReportMesh } from '../../contract/report.ts';
import type { Mesh, MeshGrid } from '../../contract/warp-state.ts';

/** Where the control points of both views lie on the canvas in one panorama, pixels. */
export interface TrackFrame {
  /** As it was drawn. */
  readonly reference: Mesh;
  readonly target: Mesh;
  /** Before smoothing. */
  readonly rawReference: Mesh;
  readonly rawTarget: Mesh;
}

/** The geometries of one sequence, panorama by panorama, none left out. */
export interface Track {
  readonly grid: MeshGrid;
  readonly canvas: Size;
  readonly views: { readonly reference: Size; readonly target: Size };
  readonly frames: readonly TrackFrame[];
}

/** Which meshes of a track are looked at. */
export type Stage = 'shown' | 'raw';

/** The meshes of one frame at one stage. */
export function meshesOf(frame: TrackFrame, stage: Stage): readonly [Mesh, Mesh] {
  return stage === 'shown' ? [frame.reference, frame.target] : [frame.rawReference, frame.rawTarget];
}

/** The track that a report of the offline command tells. @throws SeamlineError `file-unreadable` without frames */
export function trackOfReport(report: Report): Track {
  const first = report.frames[0];
  if (first === undefined) throw new SeamlineError('file-unreadable', 'no pair of pictures could be read');
  const size = ({ width, height }: { width: number; height: number }): Size => ({ widthPx: width, heightPx: height });
  const mesh = (rows: ReportMesh): Mesh => Float64Array.from(rows.flat(2));
  return {
    grid: { rows: first.reference.length - 1, cols: (first.reference[0]?.length ?? 0) - 1 },
    canvas: size(report),
    views: { reference: size(report.views.reference), target: size(report.views.target) },
    frames: report.frames.map((frame) => ({
      reference: mesh(frame.reference),
      target: mesh(frame.target),
      rawReference: mesh(frame.raw_reference),
      rawTarget: mesh(frame.raw_target),
    })),
  };
}
