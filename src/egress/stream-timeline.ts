import type { Clock } from '../common/clock.ts';
import { usToTicks } from '../common/ticks.ts';

/** A step between two units that is longer than this is a break of the source, not a pause of the picture. */
const LONGEST_STEP_TICKS = 10 * 90_000;

/** Smallest step over a break: one frame at 90 fps. */
const SMALLEST_STEP_TICKS = 1000;

/**
 * Makes the times of a stream go on when its job process is restarted and counts from another origin: players stop at
 * times that step back.
 */
export class StreamTimeline {
  readonly #clock: Clock;
  #offsetTicks = 0;
  #lastTicks: number | undefined;
  #lastUs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param ptsTicks time as the job counts. @returns a time that is later than every one returned before */
  place(ptsTicks: number): number {
    const nowUs = this.#clock.nowUs();
    let placed = ptsTicks + this.#offsetTicks;
    if (this.#lastTicks !== undefined) {
      const step = placed - this.#lastTicks;
      if (step <= 0 || step > LONGEST_STEP_TICKS) {
        placed = this.#lastTicks + Math.max(SMALLEST_STEP_TICKS, usToTicks(nowUs - this.#lastUs));
        this.#offsetTicks = placed - ptsTicks;
      }
    }
    this.#lastTicks = placed;
    this.#lastUs = nowUs;
    return placed;
  }
}
