import type { StageTimes } from '../contract/access-unit.ts';
import type { Delay, PipelineStatus } from '../contract/job-messages.ts';

/** Panoramas over which delays are summed up: four seconds at 25 a second. */
const WINDOW = 100;

/** The last values of one quantity. */
export class SlidingWindow {
  readonly #values: number[] = [];
  #next = 0;

  add(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % WINDOW;
  }

  /** Median and 95th percentile, rounded to a tenth; zeros before the first value. */
  summary(): Delay {
    const sorted = [...this.#values].sort((a, b) => a - b);
    const at = (share: number): number => {
      const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      return Math.round(value * 10) / 10;
    };
    return { p50: at(0.5), p95: at(0.95) };
  }
}

/** Delay by stage, from the times that every access unit carries. */
export class StageDelays {
  readonly #windows = {
    decode: new SlidingWindow(),
    pair: new SlidingWindow(),
    compose: new SlidingWindow(),
    encode: new SlidingWindow(),
    total: new SlidingWindow(),
  };

  add(times: StageTimes): void {
    const ms = (fromUs: number, toUs: number): number => (toUs - fromUs) / 1000;
    this.#windows.decode.add(ms(times.capturedUs, times.decodedUs));
    this.#windows.pair.add(ms(times.decodedUs, times.pairedUs));
    this.#windows.compose.add(ms(times.pairedUs, times.composedUs));
    this.#windows.encode.add(ms(times.composedUs, times.encodedUs));
    this.#windows.total.add(ms(times.capturedUs, times.encodedUs));
  }

  summary(): PipelineStatus['delayMs'] {
    const { decode, pair, compose, encode, total } = this.#windows;
    return {
      decode: decode.summary(),
      pair: pair.summary(),
      compose: compose.summary(),
      encode: encode.summary(),
      total: total.summary(),
    };
  }
}

/** Events a second over the last few seconds. */
export class RateMeter {
  readonly #timesUs: number[] = [];
  readonly #windowUs: number;

  constructor(windowMs = 3000) {
    this.#windowUs = windowMs * 1000;
  }

  note(nowUs: number): void {
    this.#timesUs.push(nowUs);
    this.#forget(nowUs);
  }

  /** Rounded to a tenth. */
  perSecond(nowUs: number): number {
    this.#forget(nowUs);
    const first = this.#timesUs[0];
    if (first === undefined || this.#timesUs.length < 2) return 0;
    const spanUs = Math.max(nowUs - first, 200_000);
    return Math.round((this.#timesUs.length * 10_000_000) / spanUs) / 10;
  }

  #forget(nowUs: number): void {
    while ((this.#timesUs[0] ?? Infinity) < nowUs - this.#windowUs) this.#timesUs.shift();
  }
}
