import type { Report, ReportFrame } from '../contract/report.ts';
import type { Picture } from '../model-tools/picture.ts';
import type { Baseline, BaselinePair } from './baselines.ts';
import type { EvaluationCase } from './cases.ts';
import { compare, measure, nearestHomography, relativeScale, type Alignment } from './measure.ts';
import { mapOfHomography, mapOfReport } from './pixel-map.ts';
import { toPlane } from './plane-picture.ts';
import { errorOf, type TruthPoints } from './truth.ts';

/** One baseline beside the product, on one pair. Shares and SSIM 0 … 1. */
export interface Comparison {
  readonly solved: boolean;
  readonly inliers: number;
  readonly ssim: number | undefined;
  readonly overlap: number | undefined;
  /** Mean distance from the known truth, or undefined without one, pixels at 480 px width. */
  readonly errorPx: number | undefined;
  /** SSIM of both over the overlap they have in common. */
  readonly oursInCommon: number | undefined;
  readonly theirsInCommon: number | undefined;
}

/** Figures of one pair. */
export interface Row {
  readonly name: string;
  readonly kind: EvaluationCase['kind'];
  /** Who took it. */
  readonly source: string;
  /** The networks' alignment was used. */
  readonly accepted: boolean;
  readonly confidence: number;
  /** Why not; empty when accepted. */
  readonly reason: string;
  /** Folded or stretched cells of the meshes that were drawn. */
  readonly fault: string | undefined;
  /** Why it could not be measured at all; a pair then counts as refused. */
  readonly failure: string | undefined;
  readonly ssim: number | undefined;
  readonly psnrDb: number | undefined;
  /** Mean distance from the known truth, or undefined without one, pixels at 480 px width. */
  readonly errorPx: number | undefined;
  readonly overlap: number | undefined;
  /** Least and largest local scale relative to the first baseline, or to the nearest homography where that failed. */
  readonly scale: readonly [number, number] | undefined;
  /** The same, always relative to the homography nearest to our own map. */
  readonly bend: readonly [number, number] | undefined;
  readonly ransac: Comparison | undefined;
  readonly magsacEcc: Comparison | undefined;
}

/** What is measured: two pictures, and how the offline command drew them. */
export interface Subject extends Pick<EvaluationCase, 'name' | 'kind' | 'source'> {
  readonly left: Picture;
  readonly right: Picture;
  readonly report: Report;
  readonly frame: ReportFrame | undefined;
  readonly reason: string;
  readonly baselines: BaselinePair | undefined;
  readonly truth: TruthPoints | undefined;
}

/** A row and what a person needs to judge it. */
export interface Evaluated {
  readonly row: Row;
  readonly left: Picture;
  readonly right: Picture;
  readonly ours: Alignment | undefined;
  readonly baseline: Alignment | undefined;
}

/** Measures how one pair was drawn, beside the baselines. Pictures and truth in their own sizes. */
export function evaluateSubject(subject: Subject): Evaluated {
  const { name, kind, source, report, frame, reason, baselines, truth } = subject;
  const [left, right] = [toPlane(subject.left), toPlane(subject.right)];
  const accepted = frame !== undefined && frame.geometry !== 'side-by-side';
  const warp = accepted ? mapOfReport(report, frame, left, right) : undefined;
  const ours = warp === undefined ? undefined : measure(left, right, warp.map);
  const first = draw(left, right, baselines?.ransac);
  const second = draw(left, right, baselines?.magsac_ecc);
  const nearest = ours === undefined ? undefined : nearestHomography(ours);
  const bend =
    ours === undefined || nearest === undefined ? undefined : relativeScale(ours, mapOfHomography(nearest, left));
  const isSolved = baselines?.ransac.solved === true && first !== undefined;
  const beside = (theirs: Alignment | undefined, baseline: Baseline | undefined): Comparison | undefined =>
    baseline === undefined ? undefined : comparison(ours, theirs, baseline, errorOf(theirs, truth));
  const row: Row = {
    name,
    kind,
    source,
    accepted,
    confidence: frame?.confidence ?? 0,
    reason,
    fault: warp?.fault,
    failure: undefined,
    ssim: ours?.ssim,
    psnrDb: ours?.psnrDb,
    errorPx: errorOf(ours, truth),
    overlap: ours?.overlap,
    scale: ours !== undefined && isSolved ? relativeScale(ours, first.map) : bend,
    bend,
    ransac: beside(first, baselines?.ransac),
    magsacEcc: beside(second, baselines?.magsac_ecc),
  };
  return { row, left, right, ours, baseline: first };
}

/** The row of a case of which only this much is known. */
export function bareRow(
  { name, kind, source }: Pick<EvaluationCase, 'name' | 'kind' | 'source'>,
  known: Pick<Row, 'accepted' | 'confidence' | 'reason' | 'failure'>,
  baselines?: BaselinePair,
): Row {
  const beside = (baseline: Baseline | undefined): Comparison | undefined =>
    baseline === undefined ? undefined : comparison(undefined, undefined, baseline, undefined);
  return {
    name,
    kind,
    source,
    ...known,
    fault: undefined,
    ssim: undefined,
    psnrDb: undefined,
    errorPx: undefined,
    overlap: undefined,
    scale: undefined,
    bend: undefined,
    ransac: beside(baselines?.ransac),
    magsacEcc: beside(baselines?.magsac_ecc),
  };
}

function draw(left: Picture, right: Picture, baseline: Baseline | undefined): Alignment | undefined {
  const homography = baseline?.homography ?? undefined;
  if (homography === undefined) return undefined;
  return measure(left, right, mapOfHomography(Float64Array.from(homography), left));
}

function comparison(
  ours: Alignment | undefined,
  theirs: Alignment | undefined,
  { solved, inliers }: Baseline,
  errorPx: number | undefined,
): Comparison {
  const [oursInCommon, theirsInCommon] = ours === undefined || theirs === undefined ? [] : compare(ours, theirs);
  return { solved, inliers, ssim: theirs?.ssim, overlap: theirs?.overlap, errorPx, oursInCommon, theirsInCommon };
}
