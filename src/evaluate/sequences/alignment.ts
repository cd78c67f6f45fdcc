import type { Size } from '../../contract/pixels.ts';
import type { Report, ReportFrame } from '../../contract/report.ts';
import { meshRows } from '../../geometry/manual-geometry.ts';
import type { Picture } from '../../model-tools/picture.ts';
import { measure } from '../measure.ts';
import { mapOfReport } from '../pixel-map.ts';
import { clipPictures } from './clip-pictures.ts';
import { meshesOf, type Stage, type Track } from './track.ts';

/** How well the views of one panorama meet in the overlap, at 480 px. */
export interface FrameAlignment {
  readonly index: number;
  readonly psnrDb: number | undefined;
  readonly ssim: number | undefined;
}

const PLANE_WIDTH_PX = 480;

/** One panorama's geometry in the form of a report. */
function reportOf({ canvas, views, grid }: Track, meshes: readonly [Float64Array, Float64Array]): [Report, ReportFrame] {
  const size = ({ widthPx, heightPx }: Size): { width: number; height: number } => ({ width: widthPx, height: heightPx });
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
 */
export async function alignmentOf(
  ffmpeg: string,
  videos: readonly [string, string],
  track: Track,
  stage: Stage,
  every: number,
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
      rows.push({ index, psnrDb, ssim });
    }
  } finally {
    await Promise.all([lefts.return(undefined), rights.return(undefined)]);
  }
  return rows;
}
