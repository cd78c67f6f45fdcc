/** The clock that stages get their time from; tests step their own. */
export interface Clock {
  /** µs since an arbitrary moment; never goes back. */
  nowUs(): number;
}

/** The machine's monotonic clock, the same origin in every process of one boot is not promised. */
export const monotonicClock: Clock = {
  nowUs: () => Math.round(performance.now() * 1000),
};

/** A clock that moves only when told to. */
export class SteppedClock implements Clock {
  #us: number;

  constructor(startUs = 0) {
    this.#us = startUs;
  }

  nowUs(): number {
    return this.#us;
  }

  /** Moves the clock forward by `us` µs. */
  advance(us: number): void {
    if (us < 0) throw new RangeError('a monotonic clock never goes back');
    this.#us += us;
  }
}
