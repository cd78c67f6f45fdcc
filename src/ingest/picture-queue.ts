import { ServiceTime } from '../common/service-time.ts';

/** A coded picture on its way into a decoder. */
export interface QueuedPicture {
  readonly ptsTicks: number;
  /** µs of the job's clock. */
  readonly captureUs: number;
  readonly data: Uint8Array;
}

/** What a queue works with. */
export interface PictureQueueOptions {
  /** Pictures that the decoder holds back to bring them into order, as far as the stream says it. */
  readonly heldBack: number;
  /** Hands a picture to the decoder; from then on it cannot be taken back. */
  readonly send: (picture: QueuedPicture) => void;
}

/** A picture that came out of the decoder. */
export interface Decoded {
  /** Undefined for one that never went in, or is long gone. */
  readonly captureUs: number | undefined;
  /** It waited too long to be shown. */
  readonly isLate: boolean;
}

/** A picture that comes out later than this after it was taken is not shown. */
export const MAX_WAIT_US = 2_000_000;
/** A stream whose pictures do not come in the order of presentation waits for its own next ones, so many frame intervals. */
const ORDER_INTERVALS = 3;
const LONGEST_INTERVAL_US = 1_000_000;
/** No more is taken than can be decoded in this time … */
const MAX_LINE_US = 1_000_000;
/** … and more than this is left out when a key frame comes. */
const MAX_LINE_AT_KEYFRAME_US = 500_000;
/** Until the decoder has given its first picture nobody knows how fast it is; then only so much is kept for it. */
const MAX_PICTURES_AT_START = 250;
const MAX_BYTES = 8 * 1024 * 1024;
/** What is inside the decoder cannot be taken back: as much as it needs to be busy, for this time at most. */
const INSIDE_US = 400_000;
const MIN_INSIDE = 2;
const MAX_INSIDE = 12;
/** ffmpeg looks at up to twenty pictures of H.264 before it gives the first, to learn their order. */
const INSIDE_AT_START = 24;
/** A decoder that waits for more, although the stream does not say so, gives nothing for this long. */
const STUCK_US = 1_500_000;
const MAX_HELD_BACK = 16;

interface Waiting {
  readonly picture: QueuedPicture;
  readonly takenUs: number;
}

/**
 * The line before one camera's decoder. It hands over only what the decoder can do at once and keeps the rest, so that a
 * decoder that is behind goes on with the newest key frame instead of working off what nobody wants to see any more.
 * Pure: time comes in with each call.
 */
export class PictureQueue {
  readonly #options: PictureQueueOptions;
  readonly #service = new ServiceTime();
  /** Handed over, by time on the 90 kHz clock, in the order of decoding. */
  readonly #inside = new Map<number, Waiting>();
  #line: Waiting[] = [];
  #lineBytes = 0;
  /** Pictures that the decoder holds back as far as is known, and those of them that the stream's order explains. */
  #heldBack: number;
  #reordered: number;
  #newestUs = 0;
  #lastTakenUs: number | undefined;
  #intervalUs = 0;

  constructor(options: PictureQueueOptions) {
    this.#options = options;
    this.#heldBack = this.#reordered = options.heldBack;
  }

  /** Pictures that were taken and have not come out. */
  get size(): number {
    return this.#inside.size + this.#line.length;
  }

  /** Time that the pictures span which are to be decoded yet, µs; 0 before the first one came out, which says nothing about the machine. */
  get backlogUs(): number {
    if (!this.#service.hasStarted || this.#undone === 0) return 0;
    const oldest = this.#inside.values().next().value ?? this.#line[0];
    return oldest === undefined ? 0 : Math.max(0, this.#newestUs - oldest.picture.captureUs);
  }

  /** The longest that a picture may have waited to be shown, µs. */
  get longestWaitUs(): number {
    return MAX_WAIT_US + (this.#reordered === 0 ? 0 : (this.#reordered + ORDER_INTERVALS) * this.#intervalUs);
  }

  /**
   * Leaves out what waits when a key frame is at hand and the decoder is behind. The key frame must then bring its
   * parameter sets along.
   * @returns pictures left out
   */
  skipToKeyframe(nowUs: number): number {
    const [oldest] = this.#line;
    if (oldest === undefined) return 0;
    const { hasStarted, meanUs } = this.#service;
    const waitUs = hasStarted ? this.#waitUs(nowUs) : nowUs - oldest.takenUs;
    // One that only had no time for a moment works off at once what came meanwhile.
    const isSlow = this.#undone * meanUs > MAX_LINE_AT_KEYFRAME_US;
    return isSlow || waitUs > MAX_LINE_US ? this.#emptyLine() : 0;
  }

  /**
   * Takes the next picture in the order of decoding.
   * @returns pictures that were given up: 0, or the new one and all that wait, and the next one must be a key frame
   */
  take(picture: QueuedPicture, nowUs: number): number {
    this.#newestUs = picture.captureUs;
    this.#learnOrder(picture, nowUs);
    const isFull = this.#service.hasStarted
      ? this.#line.length > 0 && this.#waitUs(nowUs) > MAX_LINE_US
      : this.#line.length >= MAX_PICTURES_AT_START;
    if (isFull || this.#lineBytes + picture.data.length > MAX_BYTES) {
      this.#lastTakenUs = undefined;
      return this.#emptyLine() + 1;
    }
    this.#line.push({ picture, takenUs: nowUs });
    this.#lineBytes += picture.data.length;
    this.#handOver(nowUs);
    return 0;
  }

  /** Hands over all that waits: nothing more comes. */
  finish(): void {
    for (const { picture } of this.#line) this.#options.send(picture);
    for (const waiting of this.#line) this.#inside.set(waiting.picture.ptsTicks, waiting);
    this.#emptyLine();
  }

  /** The decoder gave a picture. @param ptsTicks its time, or undefined when that was not told */
  decoded(ptsTicks: number | undefined, nowUs: number): Decoded {
    const key = ptsTicks ?? Math.min(...this.#inside.keys());
    const known = this.#inside.get(key);
    // Pictures leave in the order of presentation: what is older will not come any more. A camera's clock may have
    // been set back: then times of capture tell what is older.
    for (const [other, { picture }] of this.#inside) {
      if (other <= key || picture.captureUs <= (known?.picture.captureUs ?? -Infinity)) this.#inside.delete(other);
    }
    const isLate = known !== undefined && nowUs - known.takenUs > this.longestWaitUs;
    // One that is slow held back nothing.
    const most = isLate ? this.#reordered : Math.max(this.#inside.size, this.#options.heldBack);
    this.#heldBack = Math.min(this.#heldBack, most);
    this.#service.end(nowUs, this.#undone === 0);
    this.#handOver(nowUs);
    return { captureUs: known?.picture.captureUs, isLate };
  }

  /** Pictures that the decoder is to do, without those that it holds back anyway. */
  get #undone(): number {
    return Math.max(0, this.size - this.#heldBack);
  }

  /** When a picture that is taken now will come out. */
  #waitUs(nowUs: number): number {
    return this.#service.estimateOfUs(this.#undone, nowUs);
  }

  #handOver(nowUs: number): void {
    if (this.#undone > 0) this.#service.begin(nowUs);
    const { hasStarted } = this.#service;
    const isStuck = hasStarted && this.#line.length > 0 && this.#service.presentUs(nowUs) > STUCK_US;
    if (isStuck) this.#heldBack = MAX_HELD_BACK;
    const room = Math.floor(INSIDE_US / this.#service.meanUs);
    const busy = Math.max(MIN_INSIDE, Math.min(MAX_INSIDE, room));
    const most = hasStarted ? this.#heldBack + busy : INSIDE_AT_START;
    while (this.#line.length > 0 && this.#inside.size < most) {
      const next = this.#line.shift();
      if (next === undefined) return;
      this.#lineBytes -= next.picture.data.length;
      this.#inside.set(next.picture.ptsTicks, next);
      this.#options.send(next.picture);
    }
  }

  /** Pictures that came before this one and are shown after it: so many the decoder holds back. */
  #learnOrder({ ptsTicks }: QueuedPicture, nowUs: number): void {
    const isLater = (ticks: number): boolean => ticks > ptsTicks;
    const later =
      [...this.#inside.keys()].filter(isLater).length +
      this.#line.filter(({ picture }) => isLater(picture.ptsTicks)).length;
    this.#reordered = Math.max(this.#reordered, Math.min(later, MAX_HELD_BACK));
    this.#heldBack = Math.max(this.#heldBack, Math.min(later, MAX_HELD_BACK));
    const gapUs = Math.min(nowUs - (this.#lastTakenUs ?? nowUs), LONGEST_INTERVAL_US);
    this.#intervalUs += (gapUs - this.#intervalUs) / 8;
    this.#lastTakenUs = nowUs;
  }

  #emptyLine(): number {
    const count = this.#line.length;
    this.#line = [];
    this.#lineBytes = 0;
    return count;
  }
}
