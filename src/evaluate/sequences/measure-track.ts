import type { Homography } from '../../geometry/homography.ts';
import { alignmentOf, type FrameAlignment } from './alignment.ts';
import { distortionOf } from './distortion.ts';
import { meanPath, meshStepsOf, pathsOf, stabilityOf, stepsOf, type Paths } from './stability.ts';
import type { Sequence } from './sequences.ts';
import type { Stage, Track } from './track.ts';

/** Panoramas at the start that do not count: the smoother's window fills, and a live job begins to follow. */
const WARM_UP = 15;

/** What is measured of each panorama of a track, at one stage. */
export interface Series {
  readonly alignment: readonly FrameAlignment[];
  /** The worse view's, px². */
  readonly stability: Float64Array;
  /** Longest way of any control point's content between two frames, px. */
  readonly steps: Float64Array;
  /** Longest way of any control point on the panorama between two frames, whatever the cameras did, px. */
  readonly meshSteps: Float64Array;
  /** The worst cell's ratio of stretches. */
  readonly distortion: Float64Array;
  /** Mean of the reference's control points, x and y interleaved, px. */
  readonly path: Float64Array;
}

/** The figures of a track at one stage. */
export interface Figures {
  /** Undefined where the views never met. */
  readonly psnrDb: number | undefined;
  readonly ssim: number | undefined;
  /** Distance to the known place in the overlap, view px: mean and largest of the frames' medians. */
  readonly errorPx: number | undefined;
  readonly worstErrorPx: number | undefined;
  readonly stability: number;
  readonly longestStepPx: number;
  readonly longestMeshStepPx: number;
  readonly distortion: number;
}

/** Measures a track at one stage. @param motions of both cameras, see `pathsOf` @param every alignment of every so many panoramas @param first frame of the videos that the track begins with */
export async function measureTrack(
  ffmpeg: string,
  { videos, truth }: Sequence,
  track: Track,
  stage: Stage,
  motions: readonly [readonly Homography[], readonly Homography[]],
  every: number,
  first = 0,
): Promise<Series> {
  const paths = ([0, 1] as const).map((view) => pathsOf(track, view, stage, motions[view])) as [Paths, Paths];
  const [a, b] = paths.map(stabilityOf) as [Float64Array, Float64Array];
  const [c, d] = paths.map(stepsOf) as [Float64Array, Float64Array];
  return {
    alignment: await alignmentOf(ffmpeg, videos, track, stage, every, truth, first),
    stability: a.map((value, index) => Math.max(value, b[index]!)),
    steps: c.map((value, index) => Math.max(value, d[index]!)),
    meshSteps: meshStepsOf(track, stage),
    distortion: Float64Array.from(track.frames, (frame) => {
      const [reference, target] =
        stage === 'shown' ? [frame.reference, frame.target] : [frame.rawReference, frame.rawTarget];
      return Math.max(
        distortionOf(reference, track.grid, track.views.reference),
        distortionOf(target, track.grid, track.views.target),
      );
    }),
    path: meanPath(paths[0]),
  };
}

/** Sums a series up. */
export function figuresOf({ alignment: all, stability, steps, meshSteps, distortion }: Series): Figures {
  const alignment = all.filter(({ index }) => index >= WARM_UP);
  const errors = alignment.flatMap(({ errorPx }) => errorPx ?? []);
  const later = (values: Float64Array): number[] => [...values.slice(WARM_UP)];
  return {
    psnrDb: mean(alignment.flatMap(({ psnrDb }) => psnrDb ?? [])),
    ssim: mean(alignment.flatMap(({ ssim }) => ssim ?? [])),
    errorPx: mean(errors),
    worstErrorPx: errors.length === 0 ? undefined : Math.max(...errors),
    stability: mean(later(stability)) ?? 0,
    longestStepPx: Math.max(0, ...later(steps)),
    longestMeshStepPx: Math.max(0, ...later(meshSteps)),
    distortion: Math.max(...distortion),
  };
}

/** Mean path of the reference's content over the canvas, x and y interleaved, px. @param motion of the reference camera */
export function pathOf(track: Track, stage: Stage, motion: readonly Homography[]): Float64Array {
  return meanPath(pathsOf(track, 0, stage, motion));
}

/** How far the shown path leaves the range that the unsmoothed one has, px: 0 is no overshoot. Both on one canvas. */
export function overshootOf(shown: Float64Array, raw: Float64Array): number {
  let overshoot = 0;
  for (const axis of [0, 1]) {
    const along = (path: Float64Array): number[] => [...path].filter((_value, index) => (index & 1) === axis);
    const [a, b] = [along(shown), along(raw)];
    overshoot = Math.max(overshoot, Math.max(...a) - Math.max(...b), Math.min(...b) - Math.min(...a));
  }
  return overshoot;
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
