import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { monotonicClock, type Clock } from '../common/clock.ts';
import { encodeStreamItem } from '../contract/access-unit-wire.ts';
import type { StreamItem } from '../contract/access-unit.ts';

/** What may wait for the API process, in bytes and in time; beyond it access units are dropped up to the next key frame. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const MAX_WAITING_US = 1_000_000;

/** The job's side of the pipe of encoded data. */
export class StreamPipe {
  readonly #sink: Writable;
  readonly #requestKeyframe: () => void;
  readonly #clock: Clock;
  /** When that was written which the API process has not taken, oldest first. */
  readonly #waitingSinceUs: number[] = [];
  #skipsToKeyframe = false;
  #dropped = 0;

  constructor(sink: Writable, requestKeyframe: () => void, clock: Clock = monotonicClock) {
    this.#sink = sink;
    // The API process is gone: the closed IPC channel ends this process, see job-channel.ts.
    this.#sink.on('error', () => undefined);
    this.#requestKeyframe = requestKeyframe;
    this.#clock = clock;
  }

  /** @param fd file descriptor the API process opened for this process */
  static over(fd: number, requestKeyframe: () => void): StreamPipe {
    return new StreamPipe(new Socket({ fd, readable: false, writable: true }), requestKeyframe);
  }

  /** Access units given up because the API process did not read. */
  get dropped(): number {
    return this.#dropped;
  }

  write(item: StreamItem): void {
    if (item.kind === 'access-unit') {
      const isBehind = this.#isBehind();
      if (item.unit.isKeyframe && !isBehind) this.#skipsToKeyframe = false;
      if (isBehind && !this.#skipsToKeyframe) {
        this.#skipsToKeyframe = true;
        this.#requestKeyframe();
      }
      if (this.#skipsToKeyframe) {
        this.#dropped += 1;
        return;
      }
    }
    this.#waitingSinceUs.push(this.#clock.nowUs());
    this.#sink.write(encodeStreamItem(item), () => this.#waitingSinceUs.shift());
  }

  close(): void {
    this.#sink.end();
  }

  #isBehind(): boolean {
    const nowUs = this.#clock.nowUs();
    const waitedUs = nowUs - (this.#waitingSinceUs[0] ?? nowUs);
    return this.#sink.writableLength >= MAX_WAITING_BYTES || waitedUs > MAX_WAITING_US;
  }
}
