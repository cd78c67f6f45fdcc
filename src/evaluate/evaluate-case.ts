import type { Picture } from '../model-tools/picture.ts';
import { readPicture } from '../model-tools/picture.ts';
import type { Baseline, Baselines } from './baselines.ts';
import type { EvaluationCase } from './cases.ts';
import { compare, measure, nearestHomography, relativeScale, type Alignment } from './measure.ts';
import type { OfflineRun } from './offline-run.ts';
import { mapOfHomography, mapOfReport } from './pixel-map.ts';
import { toPlane } from './plane-picture.ts';

/** One baseline beside the product, on one pair. Shares and SSIM 0 … 1. */
export interface Comparison {
  readonly solved: boolean;
  readonly inliers: number;
  readonly ssim: number | undefined;
  readonly overlap: number | undefined;
  /** SSIM of both over the overlap they have in common. */
  readonly oursInCommon: number | undefined;
  readonly theirsInCommon: number | undefined;
}

/** Figures of one pair. */
export interface Row {
  readonly name: string;
  readonly kind: EvaluationCase['kind'];
  /** The networks' alignment was used. */
  readonly accepted: boolean;
  readonly confidence: number;
  /** Why not; empty when accepted. */
  readonly reason: string;
  /** Folded or stretched cells of the meshes that were drawn. */
  readonly fault: string | undefined;
  readonly ssim: number | undefined;
  readonly psnrDb: number | undefined;
  readonly overlap: number | undefined;
  /** Least and largest local scale relative to the first baseline, or to the nearest homography where that failed. */
  readonly scale: readonly [number, number] | undefined;
  /** The same, always relative to the homography nearest to our own map. */
  readonly bend: readonly [number, number] | undefined;
  readonly ransac: Comparison | undefined;
  readonly magsacEcc: Comparison | undefined;
}

/** A row and what a person needs to judge it. */
export interface Evaluated {
  readonly row: Row;
  readonly left: Picture;
  readonly right: Picture;
  readonly ours: Alignment | undefined;
  readonly baseline: Alignment | undefined;
}

/** Stitches one pair and measures it beside the baselines. @param baselines undefined for none */
export async function evaluateCase(
  one: EvaluationCase,
  offline: OfflineRun,
  baselines: Baselines | undefined,
  ffmpeg: string,
): Promise<Evaluated> {
  const { report, reason } = await offline.stitch(one.left, one.right);
  const [left, right] = [toPlane(await readPicture(ffmpeg, one.left)), toPlane(await readPicture(ffmpeg, one.right))];
  const frame = report.frames[0];
  const accepted = frame?.geometry === 'network';
  const warp = frame !== undefined && accepted ? mapOfReport(report, frame, left, right) : undefined;
  const ours = warp === undefined ? undefined : measure(left, right, warp.map);
  const found = one.kind === 'pair' ? await baselines?.find(one.left, one.right) : undefined;
  const first = draw(left, right, found?.ransac);
  const second = draw(left, right, found?.magsac_ecc);
  const nearest = ours === undefined ? undefined : nearestHomography(ours);
  const bend =
    ours === undefined || nearest === undefined ? undefined : relativeScale(ours, mapOfHomography(nearest, left));
  const isSolved = found?.ransac.solved === true && first !== undefined;
  const row: Row = {
    name: one.name,
    kind: one.kind,
    accepted,
    confidence: frame?.confidence ?? 0,
    reason,
    fault: warp?.fault,
    ssim: ours?.ssim,
    psnrDb: ours?.psnrDb,
    overlap: ours?.overlap,
    scale: ours !== undefined && isSolved ? relativeScale(ours, first.map) : bend,
    bend,
    ransac: beside(ours, first, found?.ransac),
    magsacEcc: beside(ours, second, found?.magsac_ecc),
  };
  return { row, left, right, ours, baseline: first };
}

function draw(left: Picture, right: Picture, baseline: Baseline | undefined): Alignment | undefined {
  const homography = baseline?.homography ?? undefined;
  if (homography === undefined) return undefined;
  return measure(left, right, mapOfHomography(Float64Array.from(homography), left));
}

function beside(
  ours: Alignment | undefined,
  theirs: Alignment | undefined,
  baseline: Baseline | undefined,
): Comparison | undefined {
  if (baseline === undefined) return undefined;
  const [oursInCommon, theirsInCommon] = ours === undefined || theirs === undefined ? [] : compare(ours, theirs);
  const { solved, inliers } = baseline;
  return { solved, inliers, ssim: theirs?.ssim, overlap: theirs?.overlap, oursInCommon, theirsInCommon };
}
