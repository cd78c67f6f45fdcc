import type { BundleManifest } from '../contract/bundle-manifest.ts';
import type { PipelineCadence } from './warp-pipeline.ts';

/** What to do with the next pair: nothing, follow the cameras, or compare the views anew. */
export type CadenceStep = 'skip' | 'track' | 'anchor';

/** What a finished request tells about cost and need. */
export interface CadenceReply {
  readonly geometry: unknown;
  readonly jumped: boolean;
  /** A camera moved since the pair before. */
  readonly isMoving: boolean;
  readonly networkMs: Readonly<Record<string, number>>;
}

/** Limits of the cadence. */
export interface CadenceOptions {
  /** Share of one core that the networks may take, 0 … 1. */
  readonly budgetShare: number;
  /** Asked for every pair, since an execution provider may be lost: with `every-frame` each pair is compared anew. */
  readonly mode?: () => PipelineCadence;
}

/**
 * How often a bundle's networks run on a provider. An imported bundle's run for every frame, as they are published,
 * wherever a GPU computes them. Our own average over time what they say, and need no more than the budget gives.
 * @param wanted what the caller asks for; `every-frame` holds for any bundle and provider
 */
export function cadenceOn(provider: string, kind: BundleManifest['kind'], wanted: PipelineCadence): PipelineCadence {
  return wanted === 'live' && kind === 'stabstitch2' && provider !== 'cpu' ? 'every-frame' : wanted;
}

/** Anchors come at least and at most this often, µs. */
const SLOWEST_ANCHOR_US = 4_000_000;
const FASTEST_ANCHOR_US = 200_000;
const FASTEST_TRACK_US = 30_000;
/** While nothing is aligned, or a view was lost, comparisons may follow each other this fast. */
const SEARCH_US = 150_000;
/** Share of the budget that anchors may use; the rest follows moving cameras. */
const ANCHOR_SHARE = 0.4;
/** Guesses for the first requests, ms. */
const FIRST_ANCHOR_MS = 60;
const FIRST_TRACK_MS = 8;

/**
 * Spends a budget of processor time on anchors and tracking. Each request must have been paid for: a request that
 * took c ms may be followed by one of its kind after c ms / share.
 */
export class Cadence {
  readonly #share: number;
  #slowdown = 1;
  #everyNth = 0;
  readonly #mode: () => PipelineCadence;
  #anchorMs = FIRST_ANCHOR_MS;
  #trackMs = FIRST_TRACK_MS;
  #lastAnchorUs = -Infinity;
  #lastUs = -Infinity;
  #isUrgent = true;
  /** Cameras move, and it is known how without a network: only anchors say anything new. */
  #isFollowed = false;

  constructor(options: CadenceOptions) {
    this.#share = Math.min(1, Math.max(0.01, options.budgetShare));
    this.#mode = options.mode ?? ((): PipelineCadence => 'live');
  }

  /** How often the networks run at present. */
  get mode(): PipelineCadence {
    return this.#mode();
  }

  /** Runs the networks so many times less often than the budget allows: 1 as usual. */
  slowDown(factor: number): void {
    this.#slowdown = Math.max(1, Math.round(factor));
  }

  /** What the budget allows for a pair that is there now. */
  next(nowUs: number): CadenceStep {
    if (this.mode === 'every-frame') {
      this.#everyNth = (this.#everyNth + 1) % this.#slowdown;
      return this.#everyNth === 0 ? 'anchor' : 'skip';
    }
    const slow = this.#slowdown;
    const sinceAnchorUs = nowUs - this.#lastAnchorUs;
    const payUs =
      (this.#anchorMs * 1000 * slow) / (this.#share * (this.#isUrgent || this.#isFollowed ? 1 : ANCHOR_SHARE));
    const anchorEveryUs = this.#isUrgent
      ? Math.max(SEARCH_US * slow, payUs)
      : Math.min(SLOWEST_ANCHOR_US, Math.max(FASTEST_ANCHOR_US * slow, payUs));
    if (sinceAnchorUs >= anchorEveryUs) return 'anchor';
    if (this.#isFollowed) return 'skip';
    const payTrackUs = (this.#trackMs * 1000) / (this.#share * (1 - ANCHOR_SHARE));
    const trackEveryUs = Math.max(FASTEST_TRACK_US, payTrackUs) * slow;
    return !this.#isUrgent && nowUs - this.#lastUs >= trackEveryUs ? 'track' : 'skip';
  }

  /** Learns from an answer. @param nowUs when it came */
  note(reply: CadenceReply, isAnchor: boolean, nowUs: number): void {
    const { networkMs } = reply;
    const spatialMs = networkMs['spatial'] ?? 0;
    const totalMs = networkMs['total'] ?? Object.values(networkMs).reduce((sum, value) => sum + value, 0);
    if (isAnchor || spatialMs > 0) {
      this.#anchorMs = blend(this.#anchorMs, Math.max(spatialMs, 1));
      this.#lastAnchorUs = nowUs;
    }
    this.#trackMs = blend(this.#trackMs, Math.max(totalMs - spatialMs, 0.5));
    this.#lastUs = nowUs;
    this.#isUrgent = reply.jumped || reply.geometry === undefined;
    this.#isFollowed = reply.isMoving && networkMs['temporal'] === undefined;
  }
}

/** Follows a cost that varies. */
function blend(old: number, value: number): number {
  return old + 0.3 * (value - old);
}
