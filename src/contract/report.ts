import type { GeometryOrigin } from './warp-state.ts';

/** Rows of control points, each [x, y] in continuous canvas pixels. */
export type ReportMesh = readonly (readonly (readonly [number, number])[])[];

/** One panorama of the offline command (architecture.md, section 8). */
export interface ReportFrame {
  readonly index: number;
  readonly source_index: readonly [number, number];
  readonly pts_us: number;
  readonly geometry: GeometryOrigin;
  readonly confidence: number;
  readonly overlap: number;
  readonly providers: readonly string[];
  readonly reference: ReportMesh;
  readonly target: ReportMesh;
  readonly raw_reference: ReportMesh;
  readonly raw_target: ReportMesh;
}

/** REPORT.json: enough to repeat every warp without the networks. */
export interface Report {
  readonly version: 1;
  readonly model: string;
  readonly width: number;
  readonly height: number;
  readonly views: {
    readonly reference: { readonly width: number; readonly height: number };
    readonly target: { readonly width: number; readonly height: number };
  };
  readonly frames: readonly ReportFrame[];
}
