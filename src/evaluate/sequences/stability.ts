import type { Homography } from '../../geometry/homography.ts';
import { applyAll } from '../../geometry/homography.ts';
import { rigidMesh } from '../../geometry/rigid-mesh.ts';
import { Trajectory } from '../../geometry/trajectory.ts';
import { meshesOf, type Stage, type Track } from './track.ts';

/** Weights of the differences to the frames one, two and three away (models-stabstitch2, section 13). */
const WEIGHTS = [0.9, 0.3, 0.1];

/** Paths of the content of all control points of one view over the canvas, one entry a frame, pixels from the first. */
export type Paths = readonly Float64Array[];

/**
 * Follows what each control point shows from frame to frame: P(t) = P(t − 1) + where it is drawn − where it was drawn.
 * @param motions older ← newer picture of the view, for each frame from the second on; view pixels
 */
export function pathsOf(track: Track, view: 0 | 1, stage: Stage, motions: readonly Homography[]): Paths {
  const size = view === 0 ? track.views.reference : track.views.target;
  const trajectory = new Trajectory(track.grid, size);
  const rigid = rigidMesh(track.grid, size);
  const paths: Float64Array[] = [new Float64Array(rigid.length)];
  for (let t = 1; t < track.frames.length; t += 1) {
    const [before, now] = [track.frames[t - 1]!, track.frames[t]!].map((frame) => meshesOf(frame, stage)[view]);
    const motion = applyAll(motions[t - 1]!, rigid).map((value, index) => value - rigid[index]!);
    const drawn = trajectory.transport(before!, motion);
    paths.push(paths[t - 1]!.map((value, index) => value + now![index]! - drawn[index]!));
  }
  return paths;
}

/**
 * Stability of each frame that has three neighbours on both sides: weighted mean squared difference to them, px²;
 * 0 is a panorama at rest. The first and last three entries are 0.
 */
export function stabilityOf(paths: Paths): Float64Array {
  const scores = new Float64Array(paths.length);
  for (let t = WEIGHTS.length; t < paths.length - WEIGHTS.length; t += 1) {
    for (const [index, weight] of WEIGHTS.entries()) {
      const offset = index + 1;
      scores[t]! += weight * (apart(paths[t]!, paths[t - offset]!) + apart(paths[t]!, paths[t + offset]!));
    }
  }
  return scores;
}

function apart(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, index) => sum + (value - b[index]!) ** 2, 0) / a.length;
}

/** Longest way that the content of any control point goes between two frames, for each frame; pixels of the canvas. */
export function stepsOf(paths: Paths): Float64Array {
  return Float64Array.from(paths, (path, t) => longestWay(paths[t - 1] ?? path, path));
}

function longestWay(from: Float64Array, to: Float64Array): number {
  let longest = 0;
  for (let at = 0; at < from.length; at += 2) {
    longest = Math.max(longest, Math.hypot(to[at]! - from[at]!, to[at + 1]! - from[at + 1]!));
  }
  return longest;
}

/**
 * Longest way that any control point of either view goes on the panorama between two frames, for each frame; pixels.
 * The motion of the cameras is not looked at: with fixed cameras this is what a viewer sees move that should stand.
 */
export function meshStepsOf(track: Track, stage: Stage): Float64Array {
  return Float64Array.from(track.frames, (frame, t) => {
    const [now, before] = [frame, track.frames[t - 1] ?? frame].map((one) => meshesOf(one, stage));
    return Math.max(...([0, 1] as const).map((view) => longestWay(before![view], now![view])));
  });
}

/** Mean path of a view's control points, x and y interleaved, one pair a frame. */
export function meanPath(paths: Paths): Float64Array {
  return Float64Array.from({ length: paths.length * 2 }, (_none, index) => {
    const path = paths[index >> 1]!;
    let sum = 0;
    for (let at = index & 1; at < path.length; at += 2) sum += path[at]!;
    return (2 * sum) / path.length;
  });
}
