import type { Clock } from '../common/clock.ts';
import { usToTicks } from '../common/ticks.ts';
import type { Panorama } from '../compose/composer.ts';
import type { EncoderSwitch } from '../encode/encoder-switch.ts';
import type { CanvasGeometry } from '../contract/warp-state.ts';
import type { FramePair } from '../pairing/frame-pairer.ts';
import { ExposureControl } from './exposure-control.ts';
import { withLostViewDark } from './lost-view.ts';
import { drawNotice, noPictureText } from './notice.ts';
import type { SizedComposers } from './sized-composers.ts';
import { RateMeter, SlidingWindow } from './stage-delays.ts';

/** Without a pair for this long the last one is shown again, so that players stay … */
const STILL_AFTER_US = 400_000;
/** … at this pace. */
const STILL_INTERVAL_MS = 200;
/** Without a pair for this long the picture says so. */
const NOTICE_AFTER_US = 2_000_000;

/** What a compose loop works with. */
export interface ComposeLoopOptions {
  readonly composer: SizedComposers;
  readonly encoder: EncoderSwitch;
  readonly clock: Clock;
  /** Milliseconds since 1970, for what is written into the picture. */
  readonly wallClockMs: () => number;
  /** A moving pair's own geometry, or undefined when the one that the composer has is to stay. */
  readonly geometryOf: (pair: FramePair) => CanvasGeometry | undefined;
  /** Panoramas a second at most. */
  readonly fps: number;
  readonly onError: (error: unknown) => void;
}

/**
 * Takes pairs, makes panoramas and hands them to the encoder. One pair may wait while one is being composed; a newer
 * one replaces it. When no pair comes any more, the last is shown again at a low rate.
 */
export class ComposeLoop {
  readonly #options: ComposeLoopOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly skew = new SlidingWindow();
  readonly rate = new RateMeter();
  readonly #exposure = new ExposureControl();
  #pending: FramePair | undefined;
  #last: FramePair | undefined;
  #lastPairUs = 0;
  #nextDueUs = -Infinity;
  #fps: number;
  #running: Promise<void> | undefined;
  #replaced = 0;
  #made = 0;
  /** Pairs that come from now on are of exchanged cameras; the one shown last is not. */
  #isExchanged = false;
  #pictureWaiters: ((bytes: Uint8Array) => void)[] = [];
  #isClosed = false;

  constructor(options: ComposeLoopOptions) {
    this.#options = options;
    this.#fps = options.fps;
    this.#timer = setInterval(() => this.#showStill(), STILL_INTERVAL_MS);
  }

  /** Pairs that a newer one replaced before they were composed. */
  get replaced(): number {
    return this.#replaced;
  }

  /** Panoramas that the encoder took. */
  get made(): number {
    return this.#made;
  }

  /** Thins the panoramas out to this share of the rate asked for. */
  setRateShare(share: number): void {
    this.#fps = this.#options.fps * share;
  }

  /** The pair shown last, or undefined before the first. */
  get last(): FramePair | undefined {
    return this.#last;
  }

  /** A copy of the next panorama, I420. */
  nextPanorama(): Promise<Uint8Array> {
    return new Promise((resolve) => this.#pictureWaiters.push(resolve));
  }

  /** The next pair and all later ones are of exchanged cameras. */
  exchangeViews(): void {
    this.#isExchanged = !this.#isExchanged;
  }

  /** Takes over the pair's holds. */
  submit(pair: FramePair): void {
    if (this.#isClosed || this.#isEarly(pair)) {
      releasePair(pair);
      return;
    }
    this.#lastPairUs = this.#options.clock.nowUs();
    this.skew.add(Math.abs(pair.skewUs) / 1000);
    this.#enqueue(pair);
  }

  #enqueue(pair: FramePair): void {
    if (this.#pending !== undefined) {
      this.#replaced += 1;
      releasePair(this.#pending);
    }
    this.#pending = pair;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Thins a faster camera out to the wanted rate, with a quarter of an interval of slack for jitter. */
  #isEarly(pair: FramePair): boolean {
    const intervalUs = 1_000_000 / this.#fps;
    const timeUs = presentationUs(pair);
    if (timeUs < this.#nextDueUs - intervalUs / 4 && timeUs > this.#nextDueUs - 2 * intervalUs) return true;
    const isNear = Math.abs(timeUs - this.#nextDueUs) < intervalUs;
    this.#nextDueUs = (isNear ? this.#nextDueUs : timeUs) + intervalUs;
    return false;
  }

  async #run(): Promise<void> {
    for (;;) {
      const pair = this.#pending;
      if (pair === undefined || this.#isClosed) return;
      this.#pending = undefined;
      try {
        await this.#show(pair);
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }

  async #show(pair: FramePair): Promise<void> {
    const { composer, encoder, clock } = this.#options;
    const isStill = pair === this.#last;
    if (!isStill) await this.#moveAlong(pair);
    if (!isStill && this.#isExchanged) {
      this.#exposure.exchange();
      this.#isExchanged = false;
    }
    const exposure = this.#exposure.next();
    const gains = withLostViewDark(exposure.gains, pair);
    const panorama = await composer.compose(pair.reference, pair.target, { ...exposure, gains });
    if (!isStill) this.#exposure.learn(panorama, pair);
    const bytes = isStill ? this.#withNotice(panorama) : panorama.bytes;
    for (const resolve of this.#pictureWaiters.splice(0)) resolve(Uint8Array.from(bytes));
    const nowUs = clock.nowUs();
    const times = {
      capturedUs: isStill ? nowUs : Math.min(liveCaptureUs(pair), nowUs),
      decodedUs: isStill ? nowUs : Math.max(pair.reference.decodedUs, pair.target.decodedUs),
      pairedUs: isStill ? nowUs : pair.pairedUs,
      composedUs: nowUs,
    };
    const ptsUs = isStill ? nowUs : presentationUs(pair);
    const wasTaken = encoder.write(bytes, usToTicks(ptsUs), times, () => panorama.release());
    if (wasTaken) {
      this.#made += 1;
      this.rate.note(nowUs);
    }
    if (!isStill) {
      if (this.#last !== undefined) releasePair(this.#last);
      this.#last = pair;
    }
  }

  /** Has the pair drawn with its own geometry. One that cannot be drawn leaves the last one shown. */
  async #moveAlong(pair: FramePair): Promise<void> {
    const own = this.#options.geometryOf(pair);
    if (own === undefined) return;
    try {
      await this.#options.composer.setGeometry(own, 1);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }

  /** The panorama, or a copy that says since when no camera gives a picture: a canvas is not wiped before it is drawn anew. */
  #withNotice({ bytes, size }: Panorama): Uint8Array {
    const sinceUs = this.#options.clock.nowUs() - this.#lastPairUs;
    if (sinceUs < NOTICE_AFTER_US) return bytes;
    const noticed = Uint8Array.from(bytes);
    drawNotice(noticed, size, noPictureText(this.#options.wallClockMs() - sinceUs / 1000));
    return noticed;
  }

  #showStill(): void {
    const isQuiet = this.#options.clock.nowUs() - this.#lastPairUs > STILL_AFTER_US;
    if (isQuiet && this.#last !== undefined && this.#pending === undefined && this.#running === undefined) {
      this.#pending = this.#last;
      this.#running = this.#run().finally(() => {
        this.#running = undefined;
      });
    }
  }

  /** Waits for the panorama in the making and releases all frames. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#running;
    if (this.#pending !== undefined && this.#pending !== this.#last) releasePair(this.#pending);
    if (this.#last !== undefined) releasePair(this.#last);
    this.#pending = undefined;
    this.#last = undefined;
  }
}

/** Gives both holds of a pair back. */
export function releasePair(pair: FramePair): void {
  pair.reference.release();
  pair.target.release();
}

/** Time of the view that is live: the reference's, unless it is a held picture. */
function presentationUs(pair: FramePair): number {
  return pair.referenceIsHeld ? pair.target.captureUs : pair.reference.captureUs;
}

function liveCaptureUs(pair: FramePair): number {
  if (pair.referenceIsHeld) return pair.target.captureUs;
  if (pair.targetIsHeld) return pair.reference.captureUs;
  return Math.min(pair.reference.captureUs, pair.target.captureUs);
}
