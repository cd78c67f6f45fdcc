/**
 * Brightness and colour of one view, applied while it is drawn. All neutral: { luma: 1, chroma: 1 }. To fade a view to
 * black lower both to 0.
 */
export interface ViewGain {
  /** Factor of the luma above black (16), 0 … 2. */
  readonly luma: number;
  /** Factor of the colour difference from grey (128), 0 … 2. */
  readonly chroma: number;
  /** Grey levels added to the luma. */
  readonly lumaOffset?: number;
  /** Levels added to U. */
  readonly uOffset?: number;
  /** Levels added to V. */
  readonly vOffset?: number;
}

/** A view as it is. */
export const NEUTRAL_GAIN: ViewGain = { luma: 1, chroma: 1 };

/** Int32 words of one view's gain in the control block: used, luma − 1, luma offset, chroma − 1, U and V offset. */
export const GAIN_WORDS = 6;

/** Writes a gain as the kernels take it: factors less one in Q15, offsets with 7 fractional bits. */
export function writeGain(gain: ViewGain, words: Int32Array, at: number): void {
  const factor = (value: number): number => Math.min(32767, Math.max(-32768, Math.round((value - 1) * 32768)));
  const offset = (value: number): number => Math.min(32767, Math.max(-32768, Math.round(value * 128)));
  words[at + 1] = factor(gain.luma);
  words[at + 2] = offset(gain.lumaOffset ?? 0);
  words[at + 3] = factor(gain.chroma);
  words[at + 4] = offset(gain.uOffset ?? 0);
  words[at + 5] = offset(gain.vOffset ?? 0);
  let used = 0;
  for (let word = 1; word < GAIN_WORDS; word += 1) used |= words[at + word] ?? 0;
  words[at] = used === 0 ? 0 : 1;
}
