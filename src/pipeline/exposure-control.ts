import type { ComposeOptions, Panorama } from '../compose/composer.ts';
import { ExposureMatcher } from '../compose/exposure-matcher.ts';
import { NEUTRAL_GAIN, type ViewGain } from '../compose/view-gain.ts';
import type { FramePair } from '../pairing/frame-pairer.ts';

/** The overlap is measured in every so many panoramas: five times a second at 25. */
const MEASURE_EVERY = 5;
/** Differences below these are left as they are: a neutral gain costs nothing. */
const SMALLEST_FACTOR = 0.015;
const SMALLEST_SHIFT = 0.75;

/** Brings exposure and white balance of the two views together, from what both show in the overlap. */
export class ExposureControl {
  readonly #matcher = new ExposureMatcher();
  #count = 0;

  /** What the next panorama is to be drawn with. */
  next(): Required<ComposeOptions> {
    this.#count += 1;
    const gains = this.#matcher.gains;
    return {
      gains: gains.every(isSmall) ? [NEUTRAL_GAIN, NEUTRAL_GAIN] : gains,
      measureOverlap: this.#count % MEASURE_EVERY === 0,
    };
  }

  /** The views have exchanged their cameras. */
  exchange(): void {
    this.#matcher.exchange();
  }

  /** Learns from a panorama; a view that is held says nothing about the light of now. */
  learn(panorama: Panorama, pair: FramePair): void {
    if (panorama.overlap === undefined || pair.referenceIsHeld || pair.targetIsHeld) return;
    this.#matcher.update(panorama.overlap);
  }
}

function isSmall(gain: ViewGain): boolean {
  const shifts = [gain.uOffset ?? 0, gain.vOffset ?? 0];
  return Math.abs(gain.luma - 1) < SMALLEST_FACTOR && shifts.every((shift) => Math.abs(shift) < SMALLEST_SHIFT);
}
