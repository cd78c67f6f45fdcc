import type { Size } from '../../contract/pixels.ts';
import type { Report, ReportFrame } from '../../contract/report.ts';
import { apply, type Homography } from '../../geometry/homography.ts';
import { meshRows } from '../../geometry/manual-geometry.ts';
import type { Picture } from '../../model-tools/picture.ts';
import { measure } from '../measure.ts';
import { mapOfReport, type PixelMap } from '../pixel-map.ts';
import { clipPictures } from './clip-pictures.ts';
import { meshesOf, type Stage, type Track } from './track.ts';

/** How well the views of one panorama meet in the overlap, at 480 px. */
export interface FrameAlignment {
  readonly index: number;
  readonly psnrDb: number | undefined;
  readonly ssim: number | undefined;
  /** Median distance, in the overlap, between what the target shows and the known place, pixels of the target view. */
  readonly errorPx: number | undefined;
}

const PLANE_WIDTH_PX = 480;

/** One panorama's geometry in the form of a report. */
function reportOf(
  { canvas, views, grid }: Track,
  meshes: readonly [Float64Array, Float64Array],
): [Report, ReportFrame] {
  const size = ({ widthPx, heightPx }: Size): { width: number; height: number } => ({
    width: widthPx,
    height: heightPx,
  });
  const [reference, target] = [meshRows(meshes[0], grid, 6), meshRows(meshes[1], grid, 6)];
  const frame: ReportFrame = {
    index: 0,
    source_index: [0, 0],
    pts_us: 0,
    geometry: 'network',
    confidence: 1,
    overlap: 0,
    providers: [],
    reference,
    target,
    raw_reference: reference,
    raw_target: target,
  };
  const sizes = { reference: size(views.reference), target: size(views.target) };
  return [{ version: 1, model: '', ...size(canvas), views: sizes, frames: [frame] }, frame];
}

/**
 * Measures every `every`-th panorama of a track against the videos it was made of; frame n of one with frame n of the
 * other.
 * @param first frame of the videos that the track begins with
 * @param truth target ← reference of each frame; it starts anew when the clip does
 */
export async function alignmentOf(
  ffmpeg: string,
  videos: readonly [string, string],
  track: Track,
  stage: Stage,
  every: number,
  truth: readonly Homography[] | undefined,
  first = 0,
): Promise<FrameAlignment[]> {
  const plane = ({ widthPx, heightPx }: Size): Size => ({
    widthPx: PLANE_WIDTH_PX,
    heightPx: Math.round((heightPx * PLANE_WIDTH_PX) / widthPx),
  });
  const [left, right] = [plane(track.views.reference), plane(track.views.target)];
  const lefts = clipPictures(ffmpeg, videos[0], left, 'rgb24');
  const rights = clipPictures(ffmpeg, videos[1], right, 'rgb24');
  const rows: FrameAlignment[] = [];
  try {
    for (let skipped = 0; skipped < first; skipped += 1) await Promise.all([lefts.next(), rights.next()]);
    for (const [index, frame] of track.frames.entries()) {
      const [a, b] = [await lefts.next(), await rights.next()];
      if (a.done === true || b.done === true) break;
      if (index % every !== 0) continue;
      const { map } = mapOfReport(...reportOf(track, meshesOf(frame, stage)), left, right);
      const [one, two]: Picture[] = [
        { ...left, rgb: a.value },
        { ...right, rgb: b.value },
      ];
      const { psnrDb, ssim } = measure(one!, two!, map);
      const known = truth?.[(index + first) % truth.length];
      const errorPx = known === undefined ? undefined : medianError(map, known, track.views, left, right);
      rows.push({ index, psnrDb, ssim, errorPx });
    }
  } finally {
    await Promise.all([lefts.return(undefined), rights.return(undefined)]);
  }
  return rows;
}

/** Every so many pixels of the plane are compared with the truth. */
const ERROR_STEP_PX = 12;

function medianError(
  map: PixelMap,
  targetFromReference: Homography,
  views: Track['views'],
  left: Size,
  right: Size,
): number | undefined {
  const errors: number[] = [];
  const scale = views.target.widthPx / right.widthPx;
  for (let y = 0; y < left.heightPx; y += ERROR_STEP_PX) {
    for (let x = 0; x < left.widthPx; x += ERROR_STEP_PX) {
      const at = (y * left.widthPx + x) * 2;
      const [u, v] = [(map.positions[at]! + 0.5) * scale, (map.positions[at + 1]! + 0.5) * scale];
      const isInside = u >= 0 && v >= 0 && u <= views.target.widthPx && v <= views.target.heightPx;
      if (!isInside) continue;
      const toView = views.reference.widthPx / left.widthPx;
      const [a, b] = apply(targetFromReference, (x + 0.5) * toView, (y + 0.5) * toView);
      errors.push(Math.hypot(u - a, v - b));
    }
  }
  return errors.toSorted((a, b) => a - b)[errors.length >> 1];
}
