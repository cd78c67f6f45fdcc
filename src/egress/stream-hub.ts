import type { Clock } from '../common/clock.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { withDeadline } from '../common/deadline.ts';
import type { AccessUnit, StreamFormat, StreamItem } from '../contract/access-unit.ts';
import type { EgressProtocol, StreamReader } from './stream-reader.ts';
import { StreamTimeline } from './stream-timeline.ts';

/** Oldest age of the cached group of pictures at which a joiner still gets it; older, he would stay behind the others. */
const GOP_CACHE_US = 1_000_000;

/** Pause between two requests for a key frame, over all readers together: key frames cost every viewer bits. */
const KEYFRAME_REQUEST_US = 500_000;

/** A reader that took nothing for this long although units came is given up. */
const READER_STALL_US = 15_000_000;

/** What a hub is made of. */
export interface StreamHubOptions {
  /** Path of the outputs, without a leading slash. */
  readonly path: string;
  readonly clock: Clock;
  /** Asks the encoder for a key frame; called at most twice a second. */
  readonly requestKeyframe: () => void;
}

/** Figures of a hub since it was opened. */
export interface StreamCounters {
  readonly units: number;
  readonly keyframes: number;
  readonly bytes: number;
  /** Requests for a key frame that went to the encoder. */
  readonly keyframeRequests: number;
  /** Units that slow readers were not given, over all readers. */
  readonly skipped: number;
  /** Readers that were given up because they took nothing. */
  readonly expelled: number;
}

/** The newest picture and when it came, which ties the stream's times to the clock. */
export interface NewestPicture {
  readonly ptsTicks: number;
  /** µs of the hub's clock. */
  readonly arrivedUs: number;
}

/** Where a reader stands: waits for its first key frame, gets every unit, or was too slow and waits for a later one. */
type ReaderState = 'joining' | 'live' | 'skipping';

interface Subscription {
  readonly reader: StreamReader;
  state: ReaderState;
  takenUs: number;
}

/**
 * Hands the access units of one stream to any number of readers. A reader that cannot keep up is skipped to a later
 * key frame and in the end given up; nothing is queued here but the current group of pictures, and no reader waits for another.
 */
export class StreamHub {
  readonly path: string;
  readonly #clock: Clock;
  readonly #requestKeyframe: () => void;
  readonly #subscriptions = new Set<Subscription>();
  readonly #timeline: StreamTimeline;
  readonly #formatWaiters = new Set<(outcome: StreamFormat | string) => void>();
  readonly #counters = { units: 0, keyframes: 0, bytes: 0, keyframeRequests: 0, skipped: 0, expelled: 0 };
  #format: StreamFormat | undefined;
  #cache: AccessUnit[] = [];
  #cacheStartUs = 0;
  #keyframeDueUs = -Infinity;
  #keyframeWanted = false;
  #closed: string | undefined;
  #newest: NewestPicture | undefined;

  constructor(options: StreamHubOptions) {
    this.path = options.path;
    this.#clock = options.clock;
    this.#requestKeyframe = options.requestKeyframe;
    this.#timeline = new StreamTimeline(options.clock);
  }

  /** Format of the stream, undefined until the job has sent one. */
  get format(): StreamFormat | undefined {
    return this.#format;
  }

  get newest(): NewestPicture | undefined {
    return this.#newest;
  }

  /** Readers at this moment. */
  get readers(): number {
    return this.#subscriptions.size;
  }

  get counters(): StreamCounters {
    return { ...this.#counters };
  }

  /** Readers at this moment by protocol. */
  readersByProtocol(): Record<EgressProtocol, number> {
    const counts = { rtsp: 0, flv: 0, webrtc: 0, push: 0 };
    for (const { reader } of this.#subscriptions) counts[reader.protocol] += 1;
    return counts;
  }

  /** Takes the next item of the job; ignored after `close`. */
  publish(item: StreamItem): void {
    if (this.#closed !== undefined) return;
    if (item.kind === 'format') this.#takeFormat(item.format);
    else if (this.#format !== undefined) this.#takeUnit(item.unit);
  }

  /**
   * The format, as soon as it is known.
   * @throws SeamlineError `timeout`, or `stream-not-found` when the stream is closed meanwhile
   */
  async waitForFormat(timeoutMs: number): Promise<StreamFormat> {
    if (this.#closed !== undefined) throw new SeamlineError('stream-not-found', this.#closed);
    if (this.#format !== undefined) return this.#format;
    let waiter: ((outcome: StreamFormat | string) => void) | undefined;
    const known = new Promise<StreamFormat>((resolve, reject) => {
      waiter = (outcome) => {
        if (typeof outcome === 'string') reject(new SeamlineError('stream-not-found', outcome));
        else resolve(outcome);
      };
      this.#formatWaiters.add(waiter);
    });
    try {
      return await withDeadline(known, timeoutMs, `the first picture of ${this.path}`);
    } finally {
      if (waiter !== undefined) this.#formatWaiters.delete(waiter);
    }
  }

  /**
   * Adds a reader. It gets the cached group of pictures at once while that is younger than a second; else a key frame is
   * requested and it starts there.
   * @returns ends the subscription; safe to call twice
   */
  subscribe(reader: StreamReader): () => void {
    if (this.#closed !== undefined) {
      reader.onEnd?.(this.#closed);
      return () => undefined;
    }
    const nowUs = this.#clock.nowUs();
    const subscription: Subscription = { reader, state: 'joining', takenUs: nowUs };
    this.#subscriptions.add(subscription);
    if (this.#format !== undefined) {
      this.#guard(subscription, () => reader.onFormat(this.#format!));
      if (this.#cache.length > 0 && nowUs - this.#cacheStartUs < GOP_CACHE_US) this.#replay(subscription);
      else this.requestKeyframe();
    }
    return () => {
      this.#subscriptions.delete(subscription);
    };
  }

  /** Asks for a key frame: at once, or half a second after the last request unless one comes before. */
  requestKeyframe(): void {
    if (this.#closed !== undefined) return;
    const nowUs = this.#clock.nowUs();
    this.#keyframeWanted = true;
    if (nowUs < this.#keyframeDueUs) return;
    this.#keyframeWanted = false;
    this.#keyframeDueUs = nowUs + KEYFRAME_REQUEST_US;
    this.#counters.keyframeRequests += 1;
    this.#requestKeyframe();
  }

  /** Ends the stream for every reader and waiter. Safe to call twice. @param reason plain words, without secrets */
  close(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#cache = [];
    for (const waiter of this.#formatWaiters) waiter(reason);
    for (const subscription of this.#subscriptions) this.#end(subscription, reason);
  }

  #takeFormat(format: StreamFormat): void {
    this.#format = format;
    this.#cache = [];
    for (const subscription of this.#subscriptions) {
      subscription.state = 'joining';
      this.#guard(subscription, () => subscription.reader.onFormat(format));
    }
    for (const waiter of this.#formatWaiters) waiter(format);
  }

  #takeUnit(source: AccessUnit): void {
    const nowUs = this.#clock.nowUs();
    const ptsTicks = this.#timeline.place(source.ptsTicks);
    const unit = ptsTicks === source.ptsTicks ? source : { ...source, ptsTicks };
    this.#newest = { ptsTicks, arrivedUs: nowUs };
    this.#counters.units += 1;
    this.#counters.bytes += unit.data.length;
    if (unit.isKeyframe) {
      this.#counters.keyframes += 1;
      this.#keyframeWanted = false;
      this.#cache = [unit];
      this.#cacheStartUs = nowUs;
    } else if (nowUs - this.#cacheStartUs >= GOP_CACHE_US) this.#cache = [];
    else if (this.#cache.length > 0) this.#cache.push(unit);
    let joining = false;
    // A copy, since a reader that joins meanwhile has this unit from the cache already.
    for (const subscription of [...this.#subscriptions]) {
      this.#offer(subscription, unit, nowUs);
      joining ||= subscription.state === 'joining';
    }
    if (joining || this.#keyframeWanted) this.requestKeyframe();
  }

  #offer(subscription: Subscription, unit: AccessUnit, nowUs: number): void {
    if (!this.#subscriptions.has(subscription)) return;
    const full = subscription.reader.isFull?.() === true;
    if (!full) subscription.takenUs = nowUs;
    if (full && subscription.state === 'live') subscription.state = 'skipping';
    if (full || (subscription.state !== 'live' && !unit.isKeyframe)) {
      if (subscription.state !== 'joining') this.#counters.skipped += 1;
      if (full && nowUs - subscription.takenUs > READER_STALL_US) {
        this.#counters.expelled += 1;
        this.#end(subscription, 'the reader took nothing for too long');
      }
      return;
    }
    subscription.state = 'live';
    this.#guard(subscription, () => subscription.reader.onUnit(unit));
  }

  #replay(subscription: Subscription): void {
    subscription.state = 'live';
    for (const unit of this.#cache) {
      if (!this.#subscriptions.has(subscription)) return;
      this.#guard(subscription, () => subscription.reader.onUnit(unit));
    }
  }

  /** A fault of one reader ends that reader and is not seen by the others. */
  #guard(subscription: Subscription, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#end(subscription, error instanceof Error ? error.message : 'the reader failed');
    }
  }

  #end(subscription: Subscription, reason: string): void {
    if (!this.#subscriptions.delete(subscription)) return;
    try {
      subscription.reader.onEnd?.(reason);
    } catch {
      // The reader is gone already; nobody is left to be told.
    }
  }
}
