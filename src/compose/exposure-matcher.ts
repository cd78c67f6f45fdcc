import type { OverlapMeans } from './overlap-means.ts';
import type { ViewGain } from './view-gain.ts';
import { NEUTRAL_GAIN } from './view-gain.ts';

/** Luma of black in the limited range. */
const BLACK = 16;
/** Fewer blocks than this say too little about the exposure. */
const MIN_BLOCKS = 20;
/** A view is never brightened or darkened by more than this factor. */
const MAX_FACTOR = 1.5;
/** Largest shift of U or V, levels. */
const MAX_SHIFT = 12;
/** Share of the way to the newest measurement that one update goes. */
const DEFAULT_RATE = 0.1;

/**
 * Follows how bright and how tinted both views are in the overlap and meets half way, so that neither view is driven
 * into saturation. Slow, so that nothing pumps when something passes through the overlap.
 */
export class ExposureMatcher {
  readonly #rate: number;
  /** Natural logarithm of the target view's factor; the reference view's is its negative. */
  #logFactor = 0;
  #uShift = 0;
  #vShift = 0;

  /** @param rate share of the way that one update goes, 0 … 1 */
  constructor(rate = DEFAULT_RATE) {
    this.#rate = rate;
  }

  /** Takes a measurement of the views as they came, without gains; too small a one changes nothing. */
  update(means: OverlapMeans): void {
    if (means.blocks < MIN_BLOCKS) return;
    const reference = Math.max(1, means.reference.luma - BLACK);
    const target = Math.max(1, means.target.luma - BLACK);
    const limit = Math.log(MAX_FACTOR);
    const shift = (difference: number): number => clamp(difference / 2, MAX_SHIFT);
    this.#logFactor += this.#rate * (clamp(Math.log(reference / target) / 2, limit) - this.#logFactor);
    this.#uShift += this.#rate * (shift(means.reference.u - means.target.u) - this.#uShift);
    this.#vShift += this.#rate * (shift(means.reference.v - means.target.v) - this.#vShift);
  }

  /** Gains of the reference and the target view. */
  get gains(): readonly [ViewGain, ViewGain] {
    const factor = Math.exp(this.#logFactor);
    return [
      { luma: 1 / factor, chroma: 1, uOffset: -this.#uShift, vOffset: -this.#vShift },
      { luma: factor, chroma: 1, uOffset: this.#uShift, vOffset: this.#vShift },
    ];
  }

  /** The views have exchanged their cameras: each gain goes with its camera. */
  exchange(): void {
    this.#logFactor = -this.#logFactor;
    this.#uShift = -this.#uShift;
    this.#vShift = -this.#vShift;
  }
}

/**
 * A view that fades to black, for one that was lost.
 * @param visible 1: as it is … 0: black
 */
export function fadedGain(visible: number, gain: ViewGain = NEUTRAL_GAIN): ViewGain {
  return {
    luma: gain.luma * visible,
    chroma: gain.chroma * visible,
    lumaOffset: (gain.lumaOffset ?? 0) * visible,
    uOffset: (gain.uOffset ?? 0) * visible,
    vOffset: (gain.vOffset ?? 0) * visible,
  };
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, value));
}
