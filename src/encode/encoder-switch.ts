import type { AccessUnit, StageTimes, StreamItem } from '../contract/access-unit.ts';
import { H264Encoder, type H264EncoderOptions } from './h264-encoder.ts';

/** The new encoder's access units wait for the last ones of the old, but not longer than this. */
const MAX_HELD_US = 1_000_000;

/**
 * An encoder whose bit rate can be changed without a gap: a second ffmpeg is warmed beside the first and takes over at
 * a key frame; times go on.
 */
export class EncoderSwitch {
  readonly #options: H264EncoderOptions;
  #current: H264Encoder;
  #next: { readonly encoder: H264Encoder; readonly bitrateKbps: number; isWarm: boolean } | undefined;
  #leaving: H264Encoder | undefined;
  #held: AccessUnit[] = [];
  #bitrateKbps: number;
  #droppedBefore = 0;
  /** Time of the first picture that is the new encoder's alone; what it made before only warmed it. */
  #fromTicks = -Infinity;

  constructor(options: H264EncoderOptions) {
    this.#options = options;
    this.#bitrateKbps = options.settings.bitrateKbps;
    this.#current = new H264Encoder({ ...options, onItem: (item) => this.#take(this.#current, item) });
  }

  start(): void {
    this.#current.start();
  }

  /** Bit rate in use. */
  get bitrateKbps(): number {
    return this.#bitrateKbps;
  }

  /** Pictures given up, over all encoders. */
  get dropped(): number {
    return this.#droppedBefore + this.#current.dropped;
  }

  /** Changes the bit rate; the last one asked for wins. */
  setBitrate(bitrateKbps: number): void {
    if (bitrateKbps === (this.#next?.bitrateKbps ?? this.#bitrateKbps)) return;
    void this.#next?.encoder.close();
    const settings = { ...this.#options.settings, bitrateKbps };
    const encoder: H264Encoder = new H264Encoder({
      ...this.#options,
      settings,
      onItem: (item) => this.#take(encoder, item),
    });
    this.#next = { encoder, bitrateKbps, isWarm: false };
    encoder.start();
  }

  /** As H264Encoder.write. */
  write(bytes: Uint8Array, ptsTicks: number, times: Omit<StageTimes, 'encodedUs'>, done: () => void): boolean {
    const next = this.#next;
    if (next === undefined) return this.#current.write(bytes, ptsTicks, times, done);
    if (next.isWarm && this.#leaving === undefined) {
      this.#takeOver(next, ptsTicks - (ptsTicks % 2));
      return this.#current.write(bytes, ptsTicks, times, done);
    }
    let open = 2;
    const closeOne = (): void => {
      open -= 1;
      if (open === 0) done();
    };
    next.encoder.write(bytes, ptsTicks, times, closeOne);
    return this.#current.write(bytes, ptsTicks, times, closeOne);
  }

  requestKeyframe(): void {
    this.#current.requestKeyframe();
  }

  #takeOver(next: { readonly encoder: H264Encoder; readonly bitrateKbps: number }, fromTicks: number): void {
    this.#fromTicks = fromTicks;
    this.#leaving = this.#current;
    this.#droppedBefore += this.#current.dropped;
    this.#current = next.encoder;
    this.#bitrateKbps = next.bitrateKbps;
    this.#next = undefined;
    this.#current.forceKeyframe();
  }

  #take(from: H264Encoder, item: StreamItem): void {
    if (from === this.#next?.encoder) {
      this.#next.isWarm = true;
      return;
    }
    if (from === this.#current && item.kind === 'access-unit' && item.unit.ptsTicks < this.#fromTicks) return;
    if (from === this.#leaving || this.#leaving === undefined || item.kind === 'format') this.#options.onItem(item);
    else this.#held.push(item.unit);
    this.#release();
  }

  /** Lets the new encoder's units go when the old one has given its last, or cannot be waited for. */
  #release(): void {
    const leaving = this.#leaving;
    if (leaving === undefined || (leaving.pending > 0 && !this.#isOverdue())) return;
    this.#leaving = undefined;
    void leaving.close();
    for (const unit of this.#held) this.#options.onItem({ kind: 'access-unit', unit });
    this.#held = [];
  }

  #isOverdue(): boolean {
    const [oldest] = this.#held;
    return oldest !== undefined && this.#options.clock.nowUs() - oldest.times.encodedUs > MAX_HELD_US;
  }

  /** Ends every ffmpeg. Safe to call twice. */
  async close(): Promise<void> {
    await Promise.all([this.#current.close(), this.#next?.encoder.close(), this.#leaving?.close()]);
  }
}
