import type { Figures } from './measure-track.ts';

/** One line of the table. */
export interface Row extends Figures {
  readonly sequence: string;
  readonly way: string;
  readonly overshootPx: number | undefined;
}

/** A sequence that could not be measured. */
export interface FailedSequence {
  readonly sequence: string;
  readonly failure: string;
}

/** The columns of `rowText`. */
export const HEAD =
  'sequence           way              PSNR dB    SSIM  error px   worst  stability  longest step px  mesh step px  distortion  overshoot px';

/** One line of the table. */
export function rowText(row: Row | FailedSequence): string {
  if ('failure' in row) return `${row.sequence.padEnd(18)} failed: ${row.failure}`;
  const number = (value: number | undefined, digits: number, width: number): string =>
    (value === undefined ? '–' : value.toFixed(digits)).padStart(width);
  return [
    row.sequence.padEnd(18),
    row.way.padEnd(14),
    number(row.psnrDb, 2, 9),
    number(row.ssim, 4, 7),
    number(row.errorPx, 2, 9),
    number(row.worstErrorPx, 2, 7),
    number(row.stability, 4, 10),
    number(row.longestStepPx, 3, 16),
    number(row.longestMeshStepPx, 3, 13),
    number(row.distortion, 3, 11),
    number(row.overshootPx, 2, 13),
  ].join(' ');
}
