import type { Clock } from '../common/clock.ts';
import type { PlaneGeometry } from '../contract/warp-state.ts';
import type { Cadence } from '../inference/cadence.ts';
import type { GeometryReply, InferenceClient } from '../inference/inference-client.ts';
import type { FramePair } from '../pairing/frame-pairer.ts';

/** What a geometry loop works with. */
export interface GeometryLoopOptions {
  readonly client: InferenceClient;
  readonly cadence: Cadence;
  readonly clock: Clock;
  readonly onGeometry: (plane: PlaneGeometry, reply: GeometryReply) => void;
  readonly onRejected: (reply: GeometryReply) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Hands pairs to the networks at the pace that their budget allows, one at a time; compose never waits for it.
 */
export class GeometryLoop {
  readonly #options: GeometryLoopOptions;
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

  /** Looks at a pair; retains its frames for as long as the networks need them. The caller keeps its own holds. */
  offer(pair: FramePair): void {
    if (this.#isBusy || this.#isPaused || this.#isClosed || pair.referenceIsHeld || pair.targetIsHeld) return;
    const step = this.#options.cadence.next(this.#options.clock.nowUs());
    if (step === 'skip') return;
    this.#isBusy = true;
    void this.#ask(pair, step === 'anchor').finally(() => {
      this.#isBusy = false;
    });
  }

  async #ask(pair: FramePair, isAnchor: boolean): Promise<void> {
    const { client, cadence, clock, onGeometry, onRejected, onError } = this.#options;
    try {
      const reply = await client.submit(pair.reference, pair.target, pair.reference.captureUs, isAnchor);
      if (this.#isClosed) return;
      cadence.note(reply, isAnchor, clock.nowUs());
      if (reply.geometry === undefined) onRejected(reply);
      else onGeometry(reply.geometry, reply);
    } catch (error) {
      if (!this.#isClosed) onError(error);
    }
  }

  close(): void {
    this.#isClosed = true;
  }
}
