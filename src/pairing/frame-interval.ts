/** Gaps above this are losses, not a rate: one frame a second is the slowest camera that is paired by rate. */
const LONGEST_INTERVAL_US = 1_000_000;
/** Least weight of the newest interval in the running mean; the first ones weigh as in a plain mean. */
const LEAST_WEIGHT = 1 / 8;

/** Running mean of the time between the frames of one camera. */
export class FrameInterval {
  #meanUs: number;
  #lastUs: number | undefined;
  #count = 0;

  /** @param expectedUs the mean before two frames were seen; 25 frames a second by default */
  constructor(expectedUs = 40_000) {
    this.#meanUs = expectedUs;
  }

  /** Mean interval, µs. */
  get us(): number {
    return this.#meanUs;
  }

  /** Notes the capture time of the next frame, µs. */
  add(captureUs: number): void {
    const interval = this.#lastUs === undefined ? 0 : captureUs - this.#lastUs;
    this.#lastUs = captureUs;
    if (interval <= 0 || interval > LONGEST_INTERVAL_US) return;
    this.#count += 1;
    this.#meanUs += (interval - this.#meanUs) * Math.max(LEAST_WEIGHT, 1 / this.#count);
  }
}
