import type { ViewDifference } from './view-difference.ts';
import type { ViewGain } from './view-gain.ts';
import { NEUTRAL_GAIN } from './view-gain.ts';

/** Fewer blocks than this say too little about the exposure. */
const MIN_BLOCKS = 20;
/** A view is never brightened or darkened by more than this factor. */
const MAX_FACTOR = 1.5;
/** Largest shift of U or V, levels. */
const MAX_SHIFT = 12;
/** Share of the way to the newest measurement that one update goes. */
const DEFAULT_RATE = 0.1;
/** A measurement this far from what is known is doubted: logarithm of the factor, and levels of U and V. */
const LUMA_DOUBT = 0.02;
const CHROMA_DOUBT = 1;
/** Updates by which a doubted measurement must come more often than others before it is followed: four seconds. */
const DOUBTED_UPDATES = 20;
/** Share of the way that what is doubted itself goes to the newest measurement. */
const DOUBT_RATE = 0.2;

/** Half of the difference of both views, which each of them gives way by. */
interface Correction {
  /** Natural logarithm of the target view's factor; the reference view's is its negative. */
  readonly logFactor: number;
  readonly u: number;
  readonly v: number;
}

const NONE: Correction = { logFactor: 0, u: 0, v: 0 };

/**
 * Follows how differently bright and tinted both views are in the overlap and meets half way, so that neither view is
 * driven into saturation. Slow, and it waits whether what comes suddenly stays, so that nothing pumps when headlights
 * pass. Until measurement and gains have met once, every measurement is followed.
 */
export class ExposureMatcher {
  readonly #rate: number;
  #known = NONE;
  #hasMet = false;
  /** What measurements that are far from the known say, and how many more of them say so than not. */
  #doubted: Correction | undefined;
  #doubtedFor = 0;

  /** @param rate share of the way that one update goes, 0 … 1 */
  constructor(rate = DEFAULT_RATE) {
    this.#rate = rate;
  }

  /** Takes a measurement of the views as they came, without gains; too small a one changes nothing. */
  update(difference: ViewDifference): void {
    if (difference.blocks < MIN_BLOCKS) return;
    const measured = {
      logFactor: clamp(difference.luma / 2, Math.log(MAX_FACTOR)),
      u: clamp(difference.u / 2, MAX_SHIFT),
      v: clamp(difference.v / 2, MAX_SHIFT),
    };
    if (!this.#isBelieved(measured)) return;
    this.#known = between(this.#known, measured, this.#rate);
  }

  #isBelieved(measured: Correction): boolean {
    if (!areApart(this.#known, measured)) {
      this.#hasMet = true;
      this.#doubted = undefined;
      this.#doubtedFor = 0;
      return true;
    }
    const doubted = this.#doubted;
    const isAgain = doubted !== undefined && !areApart(doubted, measured);
    if (isAgain) {
      this.#doubted = between(doubted, measured, DOUBT_RATE);
      this.#doubtedFor = Math.min(DOUBTED_UPDATES, this.#doubtedFor + 1);
    } else if (this.#doubtedFor > 0) {
      // By majority: headlights that come again and again do not keep a lasting change from being followed.
      this.#doubtedFor -= 1;
    } else this.#doubted = measured;
    return !this.#hasMet || (isAgain && this.#doubtedFor === DOUBTED_UPDATES);
  }

  /** Gains of the reference and the target view. */
  get gains(): readonly [ViewGain, ViewGain] {
    const { logFactor, u, v } = this.#known;
    const factor = Math.exp(logFactor);
    return [
      { luma: 1 / factor, chroma: 1, uOffset: -u, vOffset: -v },
      { luma: factor, chroma: 1, uOffset: u, vOffset: v },
    ];
  }

  /** The views have exchanged their cameras: each gain goes with its camera. */
  exchange(): void {
    this.#known = reversed(this.#known);
    this.#doubted = this.#doubted === undefined ? undefined : reversed(this.#doubted);
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

function between(from: Correction, to: Correction, share: number): Correction {
  return {
    logFactor: from.logFactor + share * (to.logFactor - from.logFactor),
    u: from.u + share * (to.u - from.u),
    v: from.v + share * (to.v - from.v),
  };
}

function areApart(one: Correction, other: Correction): boolean {
  const chroma = Math.max(Math.abs(one.u - other.u), Math.abs(one.v - other.v));
  return Math.abs(one.logFactor - other.logFactor) > LUMA_DOUBT || chroma > CHROMA_DOUBT;
}

function reversed({ logFactor, u, v }: Correction): Correction {
  return { logFactor: -logFactor, u: -u, v: -v };
}
