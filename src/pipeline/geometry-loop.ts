import type { Clock } from '../common/clock.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import type { PipelineStatus } from '../contract/job-messages.ts';
import type { PlaneGeometry } from '../contract/warp-state.ts';
import type { CameraMotions } from '../contract/worker-messages.ts';
import type { Cadence } from '../inference/cadence.ts';
import type { GeometryReply, InferenceClient } from '../inference/inference-client.ts';
import type { FramePair } from '../pairing/frame-pairer.ts';
import type { PairTimes } from './geometry-follower.ts';
import { timesOf, type FoundFor } from './geometry-pairs.ts';
import { RateMeter } from './stage-delays.ts';

/** Comparisons may be four seconds apart. */
const RATE_WINDOW_MS = 15_000;

/** What a geometry loop works with. */
export interface GeometryLoopOptions {
  readonly client: InferenceClient;
  readonly cadence: Cadence;
  readonly clock: Clock;
  /** What both cameras have done from the pair with these times to another, as far as it is known. */
  readonly motions: (since: PairTimes, pair: FramePair) => CameraMotions | undefined;
  readonly onGeometry: (plane: PlaneGeometry, reply: GeometryReply, found: FoundFor) => void;
  readonly onRejected: (reply: GeometryReply) => void;
  /** The networks are lost for now; the client starts them again by itself. */
  readonly onLost: (reason: string) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Hands pairs to the networks at the pace that their budget allows, one at a time; compose never waits for it.
 */
export class GeometryLoop {
  readonly #options: GeometryLoopOptions;
  readonly #updates = new RateMeter(RATE_WINDOW_MS);
  readonly #comparisons = new RateMeter(RATE_WINDOW_MS);
  /** The pair that the networks saw last. */
  #seen: PairTimes | undefined;
  #isBusy = false;
  #isPaused = false;
  #isClosed = false;

  constructor(options: GeometryLoopOptions) {
    this.#options = options;
  }

  /** Stops asking the networks, for example while a geometry is fixed by hand. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
  }

  /**
   * Looks at a pair; retains its frames for as long as the networks need them. The caller keeps its own holds.
   * @returns true when the networks are asked about it
   */
  offer(pair: FramePair): boolean {
    if (this.#isBusy || this.#isPaused || this.#isClosed || pair.referenceIsHeld || pair.targetIsHeld) return false;
    const step = this.#options.cadence.next(this.#options.clock.nowUs());
    if (step === 'skip') return false;
    this.#isBusy = true;
    void this.#ask(pair, step === 'anchor').finally(() => {
      this.#isBusy = false;
    });
    return true;
  }

  async #ask(pair: FramePair, isAnchor: boolean): Promise<void> {
    const { client, cadence, clock, motions, onGeometry, onRejected, onLost, onError } = this.#options;
    // The pair may be gone when the answer comes.
    const found = { times: timesOf(pair), referenceView: pair.reference.size };
    const moved = this.#seen === undefined ? undefined : motions(this.#seen, pair);
    this.#seen = found.times;
    try {
      const reply = await client.submit(pair.reference, pair.target, pair.reference.captureUs, isAnchor, moved);
      if (this.#isClosed) return;
      const nowUs = clock.nowUs();
      cadence.note(reply, isAnchor, nowUs);
      this.#updates.note(nowUs);
      if ('spatial' in reply.networkMs) this.#comparisons.note(nowUs);
      if (reply.geometry === undefined) onRejected(reply);
      else onGeometry(reply.geometry, reply, { ...found, isMoving: reply.isMoving });
    } catch (error) {
      this.#seen = undefined;
      if (this.#isClosed) return;
      if (error instanceof SeamlineError) onLost(error.message);
      else onError(error);
    }
  }

  /** How often the networks run. */
  summary(): PipelineStatus['cadence'] {
    const nowUs = this.#options.clock.nowUs();
    return {
      mode: this.#options.cadence.mode,
      updatesPerSecond: this.#updates.perSecond(nowUs),
      comparisonsPerSecond: this.#comparisons.perSecond(nowUs),
    };
  }

  close(): void {
    this.#isClosed = true;
  }
}
