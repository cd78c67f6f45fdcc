import type { Size } from '../contract/pixels.ts';

/** Size a view is worked with: the camera's aspect, at most `maxWidthPx` wide, never enlarged, even sides of at least 16. */
export function workingSize(native: Size, maxWidthPx: number): Size {
  const scale = Math.min(1, maxWidthPx / native.widthPx);
  const even = (value: number): number => Math.max(16, 2 * Math.round(value / 2));
  return { widthPx: even(native.widthPx * scale), heightPx: even(native.heightPx * scale) };
}

/** Frame rates that cameras are set to. */
const COMMON_RATES = [5, 6, 8, 10, 12, 12.5, 15, 20, 24, 25, 30, 50, 60];

/** The common rate next to a measured one, when it is within 6 %; the measured one, rounded, otherwise. */
export function nominalRate(measured: number): number {
  if (!(measured > 0)) return 25;
  const nearest = COMMON_RATES.reduce((best, rate) =>
    Math.abs(rate - measured) < Math.abs(best - measured) ? rate : best,
  );
  return Math.abs(nearest - measured) <= 0.06 * nearest ? nearest : Math.max(1, Math.min(60, Math.round(measured)));
}
