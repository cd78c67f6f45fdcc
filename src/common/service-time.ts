/** Weight of the newest measurement in the running mean. */
const WEIGHT = 1 / 8;

/**
 * How long a worker that does one thing after the other needs for each, learned from when things go in and come out.
 * A worker that has become slow shows at once: the thing it is at now already takes longer than the mean. Pure.
 */
export class ServiceTime {
  #meanUs: number | undefined;
  #busySinceUs: number | undefined;
  #hasStarted = false;

  /** True once a thing has come out; before that the worker may not even have started. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** Something waits for the worker or is being worked on. */
  begin(nowUs: number): void {
    this.#busySinceUs ??= nowUs;
  }

  /** A thing came out. @param isIdle nothing else is to be done */
  end(nowUs: number, isIdle: boolean): void {
    // The first one took as long as the worker's start.
    if (this.#busySinceUs !== undefined && this.#hasStarted) {
      const tookUs = nowUs - this.#busySinceUs;
      this.#meanUs = this.#meanUs === undefined ? tookUs : this.#meanUs + (tookUs - this.#meanUs) * WEIGHT;
    }
    this.#hasStarted = true;
    this.#busySinceUs = isIdle ? undefined : nowUs;
  }

  /** Time since the worker began with what it is at, µs; 0 while it is idle. */
  presentUs(nowUs: number): number {
    return this.#busySinceUs === undefined ? 0 : nowUs - this.#busySinceUs;
  }

  /** What a thing took lately, µs; 0 before two have come out. */
  get meanUs(): number {
    return this.#meanUs ?? 0;
  }

  /** What the present thing takes, µs: the mean, or the time since it was begun when that is longer. */
  estimateUs(nowUs: number): number {
    return Math.max(this.meanUs, this.presentUs(nowUs));
  }

  /** What `count` things take, the present one among them, µs. One that takes long does not make all others slow. */
  estimateOfUs(count: number, nowUs: number): number {
    return count === 0 ? 0 : this.estimateUs(nowUs) + (count - 1) * this.meanUs;
  }
}
