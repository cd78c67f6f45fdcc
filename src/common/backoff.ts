/** Pauses between retries: doubling from `firstMs` to `maxMs`, each spread by ±`jitter`. */
export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Share of the pause by which it is spread, 0 … 1. */
  readonly jitter: number;
}

/** The pauses of architecture.md, section 7. */
export const DEFAULT_BACKOFF: BackoffOptions = { firstMs: 500, maxMs: 10_000, jitter: 0.2 };

/** Pause in ms before retry number `attempt` (0 = the first). `random` returns 0 … 1. */
export function backoffMs(attempt: number, random: () => number, options: BackoffOptions = DEFAULT_BACKOFF): number {
  const pause = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(attempt, 30));
  return pause * (1 + options.jitter * (2 * random() - 1));
}
