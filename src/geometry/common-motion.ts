import { applyAll, type Homography } from './homography.ts';
import { fitHomography } from './homography-fit.ts';
import type { PlaneMeshes } from './mid-plane.ts';

/** Two cameras on one mount: what they do differently is at most this share of what they do in common … */
const ALIKE_SHARE = 0.02;
/** … and from this share on all of it counts. */
const APART_SHARE = 0.05;

/** What two cameras did in common and what each did by itself, on the common plane. */
export interface CommonMotion {
  /** Before ← after, for the content of both views: undoes what they did in common. */
  readonly back: Homography;
  /** How much of the rest counts, 0 … 1: small rests of large motions are errors of their measurement. */
  readonly ownShare: number;
}

/** @param before meshes of a pair @param after where the content of the control points went, or came from */
export function commonMotion(before: PlaneMeshes, after: PlaneMeshes): CommonMotion {
  const [from, to] = [join(after), join(before)];
  const back = fitHomography(from, to);
  const common = medianDistance(from, to);
  const own = medianDistance(applyAll(back, from), to);
  const share = common === 0 ? 0 : (own / common - ALIKE_SHARE) / (APART_SHARE - ALIKE_SHARE);
  return { back, ownShare: Math.min(1, Math.max(0, share)) };
}

function join({ reference, target }: PlaneMeshes): Float64Array {
  const both = new Float64Array(reference.length + target.length);
  both.set(reference);
  both.set(target, reference.length);
  return both;
}

function medianDistance(a: Float64Array, b: Float64Array): number {
  const distances = new Float64Array(a.length / 2);
  for (let at = 0; at < a.length; at += 2) distances[at / 2] = Math.hypot(a[at]! - b[at]!, a[at + 1]! - b[at + 1]!);
  return distances.toSorted()[distances.length >> 1]!;
}
