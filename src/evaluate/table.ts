import type { CrossValidation } from './cross-validation.ts';
import type { Row } from './evaluate-case.ts';
import { gainOf, type Share } from './share.ts';
import type { Against, Summary, TruthSummary } from './summary.ts';

const fixed = (value: number | undefined, digits = 3): string => value?.toFixed(digits) ?? '-';

/** For example `171 of 178 (96.1 %)`. */
export function shareText({ hits, of }: Share): string {
  return of === 0 ? 'none of none' : `${hits} of ${of} (${((100 * hits) / of).toFixed(1)} %)`;
}

/** The columns of `rowText`. */
export const TABLE_HEAD = [
  'pair'.padEnd(34),
  'confid.',
  'overlap',
  'SSIM   ',
  'RANSAC ',
  'gain   ',
  'ECC    ',
  'gain   ',
  'scale       ',
  'error px',
].join(' ');

/** One line of the table: figures over the common overlap where there is a baseline. */
export function rowText(row: Row): string {
  const { ransac, magsacEcc } = row;
  const cells = [
    row.confidence.toFixed(3),
    fixed(row.overlap),
    fixed(row.ssim),
    fixed(ransac?.theirsInCommon ?? ransac?.ssim),
    fixed(gainOf(ransac)),
    fixed(magsacEcc?.theirsInCommon ?? magsacEcc?.ssim),
    fixed(gainOf(magsacEcc)),
  ].map((cell) => cell.padEnd(7));
  const scale = (row.scale?.map((value) => value.toFixed(2)).join(' to ') ?? '-').padEnd(12);
  const error = fixed(row.errorPx).padEnd(8);
  const failed = row.failure === undefined ? undefined : `failed: ${row.failure}`;
  const remark = failed ?? row.fault ?? (row.accepted ? '' : 'refused');
  return [row.name.slice(0, 34).padEnd(34), ...cells, scale, error, remark].join(' ').trimEnd();
}

function againstText(name: string, figures: Against | undefined): string[] {
  if (figures === undefined) return [];
  return [
    `${name}: solved ${shareText(figures.solved)}`,
    `  our SSIM at least its own        ${shareText(figures.atLeast)}; within 0.002 ${shareText(figures.atLeastVisibly)}`,
    `  gain of SSIM                     mean ${fixed(figures.meanGain)}, median ${fixed(figures.medianGain)}`,
    `  overlap at least 0.9 of its own  ${shareText(figures.overlapKept)}`,
    `  accepted, yet 0.1 below          ${figures.confidentFailures.join(', ') || 'none'}`,
    `  not solved, and accepted by us   ${shareText(figures.unsolvedAccepted)}`,
  ];
}

function truthText(name: string, figures: TruthSummary): string {
  const { medianPx, success, confidentFailures, ransacMedianPx, ransacSuccess } = figures;
  const [ours, theirs] = [fixed(medianPx), fixed(ransacMedianPx)];
  const failed = confidentFailures.length === 0 ? '' : `; accepted, yet wrong: ${confidentFailures.join(', ')}`;
  return `${name.padEnd(34)} error ${ours} px, right ${shareText(success)}; SIFT, RANSAC ${theirs} px, ${shareText(ransacSuccess)}${failed}`;
}

function crossValidationText(found: CrossValidation | undefined): string[] {
  if (found === undefined) return [];
  const { sources, thresholds, confident, atLeast, unrelatedConfident } = found;
  return [
    `threshold from the other sources   ${thresholds.map((value) => value.toFixed(2)).join(' to ')} over ${sources} sources`,
    `  pairs above it                   ${shareText(confident)}; unrelated views ${shareText(unrelatedConfident)}`,
    ...(atLeast === undefined ? [] : [`  and SSIM at least SIFT, RANSAC's ${shareText(atLeast)} of those it solves`]),
  ];
}

/** The figures over all rows, as lines. */
export function summaryText(summary: Summary): string {
  return [
    ...(summary.failed.length === 0 ? [] : [`could not be measured              ${summary.failed.join(', ')}`]),
    `accepted                           ${shareText(summary.accepted)}`,
    `unrelated views refused            ${shareText(summary.unrelatedRefused)}, largest confidence ${fixed(summary.unrelatedMost)}`,
    ...crossValidationText(summary.crossValidation),
    `folded or degenerate meshes        ${shareText(summary.folded)}`,
    `local scale 0.8 to 1.25            ${shareText(summary.scaleKept)} of the first baseline's`,
    `                                   ${shareText(summary.bendKept)} of our own nearest homography's`,
    `over our own overlap, median       SSIM ${fixed(summary.medianSsim)}, PSNR ${fixed(summary.medianPsnrDb, 2)} dB`,
    ...Object.entries(summary.truth).map(([name, figures]) => truthText(name, figures)),
    ...againstText('SIFT, RANSAC', summary.ransac),
    ...againstText('SIFT, USAC_MAGSAC, ECC', summary.magsacEcc),
  ].join('\n');
}
