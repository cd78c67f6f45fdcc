import { crossValidate, type CrossValidation } from './cross-validation.ts';
import type { Comparison, Row } from './evaluate-case.ts';
import { PLANE_WIDTH_PX } from './plane-picture.ts';
import { gainOf, shareOf, type Share } from './share.ts';
import { placeOf } from './sources.ts';

/** Differences of SSIM that cannot be seen. */
const INVISIBLE = 0.002;
/** An accepted alignment this far below the baseline is a confident failure. */
const FAILURE = 0.1;
/** Local scale that still counts as the homography's. */
const SCALE: readonly [number, number] = [0.8, 1.25];
/** Least overlap, of the baseline's. */
const OVERLAP = 0.9;
/** An alignment is right when its mean error is below 1 % of the width. */
const SUCCESS_PX = 0.01 * PLANE_WIDTH_PX;

/** What one baseline says of all pairs that it solved. */
export interface Against {
  readonly solved: Share;
  /** Pairs it solved on which our SSIM over the common overlap is at least its own. A refused pair counts as worse. */
  readonly atLeast: Share;
  /** The same, where a difference that cannot be seen counts as equal. */
  readonly atLeastVisibly: Share;
  /** Mean and median of our SSIM minus its own, over accepted pairs. */
  readonly meanGain: number | undefined;
  readonly medianGain: number | undefined;
  readonly overlapKept: Share;
  /** Accepted, but the SSIM is 0.1 below: names. */
  readonly confidentFailures: readonly string[];
  /** Pairs that it did not solve and we accepted. */
  readonly unsolvedAccepted: Share;
}

/** How far alignments are from a known truth: medians of the mean errors, pixels at 480 px width; refused: infinite. */
export interface TruthSummary {
  readonly medianPx: number | undefined;
  /** Pairs with an error below 1 % of the width. */
  readonly success: Share;
  /** Accepted, but the error is above 1 % of the width: names. */
  readonly confidentFailures: readonly string[];
  readonly ransacMedianPx: number | undefined;
  readonly ransacSuccess: Share;
}

/** Figures over all rows. */
export interface Summary {
  readonly accepted: Share;
  /** Cases that could not be measured: names. A pair among them counts as refused, unrelated views for nothing. */
  readonly failed: readonly string[];
  readonly folded: Share;
  /** Accepted pairs whose local scale lies within 0.8 to 1.25 of the first baseline's everywhere. */
  readonly scaleKept: Share;
  /** The same relative to the homography nearest to our own map. */
  readonly bendKept: Share;
  readonly medianSsim: number | undefined;
  readonly medianPsnrDb: number | undefined;
  readonly unrelatedRefused: Share;
  /** Largest confidence of a pair of unrelated views. */
  readonly unrelatedMost: number | undefined;
  /** How the threshold of the confidence does on sources that it was not chosen with. */
  readonly crossValidation: CrossValidation | undefined;
  /** Pairs whose truth is known, by the part of their names before `_`. */
  readonly truth: Readonly<Record<string, TruthSummary>>;
  readonly ransac: Against | undefined;
  readonly magsacEcc: Against | undefined;
}

const isNumber = (value: number | undefined): value is number => value !== undefined;

/** Middle value, or undefined of none. */
function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle];
  return sorted.length === 0 ? undefined : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

const isWithin = (scale: Row['scale']): boolean => scale !== undefined && scale[0] >= SCALE[0] && scale[1] <= SCALE[1];

/** Sums up the rows of one evaluation. */
export function summarise(rows: readonly Row[]): Summary {
  const pairs = rows.filter(({ kind }) => kind !== 'unrelated');
  const unrelated = rows.filter(({ kind, failure }) => kind === 'unrelated' && failure === undefined);
  const accepted = pairs.filter((row) => row.accepted);
  return {
    accepted: shareOf(pairs, (row) => row.accepted),
    failed: rows.filter(({ failure }) => failure !== undefined).map(({ name }) => name),
    folded: shareOf(accepted, ({ fault }) => fault !== undefined),
    scaleKept: shareOf(accepted, ({ scale }) => isWithin(scale)),
    bendKept: shareOf(accepted, ({ bend }) => isWithin(bend)),
    medianSsim: median(accepted.map(({ ssim }) => ssim).filter(isNumber)),
    medianPsnrDb: median(accepted.map(({ psnrDb }) => psnrDb).filter(isNumber)),
    unrelatedRefused: shareOf(unrelated, (row) => !row.accepted),
    unrelatedMost: unrelated.length === 0 ? undefined : Math.max(...unrelated.map(({ confidence }) => confidence)),
    crossValidation: crossValidate(rows),
    truth: truthByGroup(pairs.filter(({ errorPx }) => errorPx !== undefined)),
    ransac: against(pairs, ({ ransac }) => ransac),
    magsacEcc: against(pairs, ({ magsacEcc }) => magsacEcc),
  };
}

function truthByGroup(rows: readonly Row[]): Record<string, TruthSummary> {
  const groupOf = ({ name }: Row): string => placeOf(name);
  const groups = [...new Set(rows.map(groupOf))];
  return Object.fromEntries(groups.map((group) => [group, truthOf(rows.filter((row) => groupOf(row) === group))]));
}

function truthOf(rows: readonly Row[]): TruthSummary {
  const ours = rows.map((row) => row.errorPx ?? Infinity);
  const theirs = rows.map((row) => row.ransac?.errorPx ?? Infinity);
  return {
    medianPx: median(ours),
    success: shareOf(ours, (error) => error < SUCCESS_PX),
    confidentFailures: rows.filter((row) => row.accepted && (row.errorPx ?? 0) >= SUCCESS_PX).map(({ name }) => name),
    ransacMedianPx: median(theirs),
    ransacSuccess: shareOf(theirs, (error) => error < SUCCESS_PX),
  };
}

function against(pairs: readonly Row[], of: (row: Row) => Comparison | undefined): Against | undefined {
  const compared = pairs.filter((row) => of(row) !== undefined);
  if (compared.length === 0) return undefined;
  const solved = compared.filter((row) => of(row)?.solved);
  const gain = (row: Row): number | undefined => gainOf(of(row));
  const gains = solved.map(gain).filter(isNumber);
  return {
    solved: shareOf(compared, (row) => of(row)?.solved === true),
    atLeast: shareOf(solved, (row) => (gain(row) ?? -1) >= 0),
    atLeastVisibly: shareOf(solved, (row) => (gain(row) ?? -1) >= -INVISIBLE),
    meanGain: mean(gains),
    medianGain: median(gains),
    overlapKept: shareOf(
      solved.filter((row) => row.accepted),
      (row) => (row.overlap ?? 0) >= OVERLAP * (of(row)?.overlap ?? 0),
    ),
    confidentFailures: solved.filter((row) => (gain(row) ?? 0) < -FAILURE).map(({ name }) => name),
    unsolvedAccepted: shareOf(
      compared.filter((row) => of(row)?.solved === false),
      (row) => row.accepted,
    ),
  };
}

/** How bad a row is: refused pairs first, then by the SSIM lost against the first baseline. Higher is worse. */
export function badness(row: Row): number {
  if (row.kind === 'unrelated') return row.accepted ? 2 : -Infinity;
  if (!row.accepted) return row.ransac?.solved === true ? 1.5 : 1;
  if (row.errorPx !== undefined) return Math.min(1, row.errorPx / PLANE_WIDTH_PX);
  return -(gainOf(row.ransac) ?? (row.ssim ?? 0) + 1);
}
