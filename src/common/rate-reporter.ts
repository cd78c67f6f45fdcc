import type { Clock } from './clock.ts';

/** Counts repeated events and reports them at most once per interval, with the count and the last detail. */
export class RateReporter<T = undefined> {
  readonly #clock: Clock;
  readonly #intervalUs: number;
  readonly #report: (count: number, last: T) => void;
  #count = 0;
  #nextUs = -Infinity;

  constructor(clock: Clock, report: (count: number, last: T) => void, intervalMs = 1000) {
    this.#clock = clock;
    this.#report = report;
    this.#intervalUs = intervalMs * 1000;
  }

  /** Counts one event; reports at once when the last report is an interval ago, else keeps it for the next. */
  note(detail: T): void {
    this.#count += 1;
    const nowUs = this.#clock.nowUs();
    if (nowUs < this.#nextUs) return;
    const count = this.#count;
    this.#count = 0;
    this.#nextUs = nowUs + this.#intervalUs;
    this.#report(count, detail);
  }
}
