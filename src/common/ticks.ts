/** Times inside a job are µs of one monotonic clock; on the wire they are ticks of a 90 kHz clock (RTP video, RFC 6184 §8.2.1). */

/** Ticks of the 90 kHz clock per second. */
export const TICKS_PER_SECOND = 90_000;

/** µs to 90 kHz ticks, rounded. */
export function usToTicks(us: number): number {
  return Math.round((us * 9) / 100);
}

/** 90 kHz ticks to µs, rounded. */
export function ticksToUs(ticks: number): number {
  return Math.round((ticks * 100) / 9);
}

/**
 * Signed distance `a − b` of two 32-bit wrapping RTP timestamps, in −2³¹ … 2³¹−1 ticks (RFC 3550 §5.1).
 */
export function wrappedDistance(a: number, b: number): number {
  return (a - b) | 0;
}

/** Makes a growing count of 32-bit wrapping timestamps; steps backwards of less than 2³¹ stay steps backwards. */
export class TimestampUnwrapper {
  #last: number | undefined;
  #extended = 0;

  /** @param timestamp 32-bit unsigned RTP timestamp. @returns the same time without the wrap, first value as it is */
  unwrap(timestamp: number): number {
    if (this.#last === undefined) this.#extended = timestamp;
    else this.#extended += wrappedDistance(timestamp, this.#last);
    this.#last = timestamp;
    return this.#extended;
  }
}
