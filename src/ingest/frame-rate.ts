/** Times that the rate is computed from. */
const WINDOW_FRAMES = 50;
/** Fewer frames say too little. */
const LEAST_FRAMES = 10;

/** Frame rate of one camera from the times it gives its frames; late arrival does not change it. */
export class FrameRate {
  readonly #timesUs: number[] = [];

  /** Frames a second, or undefined after too few frames. */
  get fps(): number | undefined {
    const first = this.#timesUs[0] ?? 0;
    const last = this.#timesUs.at(-1) ?? 0;
    if (this.#timesUs.length < LEAST_FRAMES || last <= first) return undefined;
    return ((this.#timesUs.length - 1) * 1e6) / (last - first);
  }

  /** @param captureUs capture time of the next frame */
  note(captureUs: number): void {
    this.#timesUs.push(captureUs);
    if (this.#timesUs.length > WINDOW_FRAMES) this.#timesUs.shift();
  }

  /** Forgets everything, after a gap. */
  reset(): void {
    this.#timesUs.length = 0;
  }
}
