import type { Clock } from '../common/clock.ts';

interface Bucket {
  tokens: number;
  atUs: number;
}

/** Keys that are remembered; the one that was quiet longest is forgotten first. */
const MAX_KEYS = 10_000;

/** Allows `perMinute` events of each key, all at once or spread, and as many again as time passes. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #perMinute: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  /** Counts one event. @returns 0 when it is within the limit, else the seconds to wait */
  take(key: string): number {
    const bucket = this.#refilled(key);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_KEYS) this.#buckets.delete(this.#buckets.keys().next().value ?? '');
    if (bucket.tokens < 1) return this.#secondsUntilOne(bucket);
    bucket.tokens -= 1;
    return 0;
  }

  /** Seconds to wait before the next event of the key, without counting one. */
  waitSeconds(key: string): number {
    const bucket = this.#refilled(key);
    return bucket.tokens < 1 ? this.#secondsUntilOne(bucket) : 0;
  }

  #refilled(key: string): Bucket {
    const nowUs = this.#clock.nowUs();
    const before = this.#buckets.get(key) ?? { tokens: this.#perMinute, atUs: nowUs };
    const gained = ((nowUs - before.atUs) / 60_000_000) * this.#perMinute;
    return { tokens: Math.min(this.#perMinute, before.tokens + gained), atUs: nowUs };
  }

  #secondsUntilOne(bucket: Bucket): number {
    return Math.max(1, Math.ceil(((1 - bucket.tokens) * 60) / this.#perMinute));
  }
}
