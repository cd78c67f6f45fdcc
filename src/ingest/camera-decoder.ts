import type { Clock } from '../common/clock.ts';
import type { Frame, FrameRing, FrameWriter } from '../contract/frame-ring.ts';
import { i420Bytes } from '../contract/pixels.ts';
import { spawnChild, type ChildExit, type OwnedChild } from '../process/child.ts';
import { I420Reader } from './i420-reader.ts';
import { readDecoderLine } from './pts-lines.ts';

/** What a decoder is made of. */
export interface CameraDecoderOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly ring: FrameRing;
  readonly clock: Clock;
  /**
   * Capture time of the frame with this time on the 90 kHz clock (undefined when ffmpeg told none), µs of the job's
   * clock; undefined for one that comes too late to be shown.
   */
  readonly captureUs: (ptsTicks: number | undefined) => number | undefined;
  /** Receives each frame and its hold. */
  readonly onFrame: (frame: Frame) => void;
  /** A frame was given up: it came too late, or no slot was free. */
  readonly onSpoiled: () => void;
  /** Lines of stderr that are worth reading, passwords hidden. */
  readonly onMessage?: (line: string) => void;
}

/** Frames that wait for the line with their time; it comes before them, but through another pipe. */
const MAX_WAITING_FRAMES = 2;
const MAX_WAITING_TIMES = 64;
const MAX_MESSAGES = 20;
const STOP_GRACE_MS = 1000;

/** One decoding ffmpeg: what is written to its stdin comes out as frames in the ring, each with its time. */
export class CameraDecoder {
  /** Resolves when the process has ended; never rejects. */
  readonly exited: Promise<ChildExit>;
  readonly #options: CameraDecoderOptions;
  readonly #child: OwnedChild;
  readonly #reader: I420Reader;
  readonly #frames: (FrameWriter | undefined)[] = [];
  readonly #times: (number | undefined)[] = [];
  readonly #messages: string[] = [];
  #isClosed = false;

  constructor(options: CameraDecoderOptions) {
    this.#options = options;
    this.#reader = new I420Reader(
      i420Bytes(options.ring.size),
      () => options.ring.acquire(),
      (writer) => this.#onPicture(writer),
    );
    this.#child = spawnChild({
      command: options.command,
      args: options.args,
      onStderrLine: (line) => this.#onLine(line),
    });
    this.#child.stdout.on('data', (chunk: Uint8Array) => this.#reader.push(chunk));
    this.exited = this.#child.exited.then((exit) => {
      this.#release();
      return exit;
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The last lines of stderr beside the times of frames. */
  get messages(): readonly string[] {
    return this.#messages;
  }

  /** Writes to ffmpeg's stdin; the caller sees to it that little waits there. */
  write(...parts: readonly Uint8Array[]): void {
    if (this.#isClosed || !this.#child.stdin.writable) return;
    this.#child.stdin.cork();
    for (const part of parts) this.#child.stdin.write(part);
    this.#child.stdin.uncork();
  }

  /** Tells ffmpeg that nothing more comes. */
  end(): void {
    this.#child.stdin.end();
  }

  /** Ends the process; its last frames are lost. Safe to call twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#child.stdin.destroy();
    await this.#child.stop(STOP_GRACE_MS);
  }

  #onLine(line: string): void {
    const read = readDecoderLine(line);
    if (read.kind === 'time') {
      this.#times.push(read.ptsTicks);
      if (this.#times.length > MAX_WAITING_TIMES) this.#times.shift();
      this.#match();
    } else if (read.kind === 'message') {
      this.#messages.push(line);
      if (this.#messages.length > MAX_MESSAGES) this.#messages.shift();
      this.#options.onMessage?.(line);
    }
  }

  #onPicture(writer: FrameWriter | undefined): void {
    this.#frames.push(writer);
    this.#match();
    if (this.#frames.length > MAX_WAITING_FRAMES) this.#give(this.#frames.shift(), undefined);
  }

  /** Frames and times come in the same order, one of each. */
  #match(): void {
    while (this.#frames.length > 0 && this.#times.length > 0) this.#give(this.#frames.shift(), this.#times.shift());
  }

  #give(writer: FrameWriter | undefined, ptsTicks: number | undefined): void {
    const captureUs = this.#options.captureUs(ptsTicks);
    if (writer !== undefined && captureUs !== undefined && !this.#isClosed) {
      this.#options.onFrame(writer.commit(captureUs, this.#options.clock.nowUs()));
      return;
    }
    writer?.abandon();
    if (!this.#isClosed) this.#options.onSpoiled();
  }

  #release(): void {
    this.#isClosed = true;
    this.#reader.close();
    for (const writer of this.#frames.splice(0)) writer?.abandon();
  }
}
