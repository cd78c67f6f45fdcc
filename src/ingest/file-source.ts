import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { withDeadline } from '../common/deadline.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { ticksToUs } from '../common/ticks.ts';
import type { Frame, FrameRing, FrameWriter } from '../contract/frame-ring.ts';
import { i420Bytes, type Size } from '../contract/pixels.ts';
import { spawnChild, type OwnedChild } from '../process/child.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';
import { fileDecoderArguments } from './decoder-args.ts';
import { fileAddress, readFileFormat, type FileFormat } from './file-format.ts';
import { readDecoderLine } from './pts-lines.ts';

/** What a file source needs. */
export interface FileSourceOptions {
  readonly path: string;
  readonly ffmpeg: FfmpegInfo;
  /** The ring for a file of this size; frames are scaled to the ring's size. */
  readonly createRing: (native: Size) => FrameRing;
}

const STOP_GRACE_MS = 1000;
/** A frame of a file that takes longer than this to decode means that ffmpeg hangs. */
const FRAME_TIMEOUT_MS = 60_000;

/**
 * Every frame of a video file, or the one of a picture, in order. Nothing is dropped: ffmpeg waits until the next frame
 * is asked for. `captureUs` and `decodedUs` are the frame's time in the file, from its start.
 */
export class FileSource {
  readonly format: FileFormat;
  readonly #name: string;
  readonly #ring: FrameRing;
  readonly #child: OwnedChild;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #times: (number | undefined)[] = [];
  readonly #messages: string[] = [];
  #onTime: (() => void) | undefined;
  #rest = new Uint8Array(0);
  #lastUs = -1;
  #isClosed = false;

  private constructor(format: FileFormat, name: string, path: string, options: FileSourceOptions) {
    this.format = format;
    this.#name = name;
    this.#ring = options.createRing(format.size);
    this.#child = spawnChild({
      command: options.ffmpeg.path,
      args: fileDecoderArguments(fileAddress(path), this.#ring.size, options.ffmpeg),
      onStderrLine: (line) => this.#onLine(line),
    });
    this.#child.stdin.end();
    this.#chunks = this.#child.stdout[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  }

  /** @throws SeamlineError `file-unreadable` that names the file as the user did */
  static async open(options: FileSourceOptions): Promise<FileSource> {
    const path = resolve(options.path);
    try {
      await access(path, constants.R_OK);
    } catch (cause) {
      throw new SeamlineError('file-unreadable', `${options.path} does not exist or cannot be read`, { cause });
    }
    const format = await readFileFormat(path, options.path, options.ffmpeg);
    return new FileSource(format, options.path, path, options);
  }

  /** Size of the frames. */
  get size(): Size {
    return this.#ring.size;
  }

  /**
   * The next frame with one hold, or undefined after the last. One call at a time; a slot of the ring must be free.
   * @throws SeamlineError `file-unreadable` when the file breaks off before its end
   */
  async next(): Promise<Frame | undefined> {
    const writer = this.#ring.acquire();
    if (writer === undefined) throw new Error('every slot of the ring is held');
    try {
      if (await withDeadline(this.#fill(writer), FRAME_TIMEOUT_MS, `decoding ${this.#name}`)) {
        const ptsUs = await this.#time();
        return writer.commit(ptsUs, ptsUs);
      }
    } catch (error) {
      writer.abandon();
      throw error;
    }
    writer.abandon();
    await this.#checkEnd();
    return undefined;
  }

  /** Ends the decoder. Safe to call twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#child.stop(STOP_GRACE_MS);
  }

  /** @returns false at the end of the file; a part of a frame there is no frame */
  async #fill(writer: FrameWriter): Promise<boolean> {
    const bytes = i420Bytes(this.#ring.size);
    let filled = 0;
    while (filled < bytes) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#chunks.next();
        if (done === true) return false;
        this.#rest = value as Uint8Array<ArrayBuffer>;
      }
      const part = this.#rest.subarray(0, bytes - filled);
      writer.bytes.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return true;
  }

  /** The time of the frame just read: its line was written before it. Never goes back. */
  async #time(): Promise<number> {
    if (this.#times.length === 0) {
      const come = new Promise<void>((resolve) => {
        this.#onTime = resolve;
      });
      await withDeadline(come, FRAME_TIMEOUT_MS, `the time of a frame of ${this.#name}`);
    }
    const ticks = this.#times.shift();
    const us = ticks === undefined ? this.#lastUs + this.#stepUs() : ticksToUs(ticks);
    this.#lastUs = Math.max(us, this.#lastUs + 1);
    return this.#lastUs;
  }

  #stepUs(): number {
    return Math.round(1e6 / (this.format.fps ?? 25));
  }

  #onLine(line: string): void {
    const read = readDecoderLine(line);
    if (read.kind === 'time') {
      this.#times.push(read.ptsTicks);
      this.#onTime?.();
      this.#onTime = undefined;
    } else if (read.kind === 'message' && this.#messages.length < 20) this.#messages.push(line);
  }

  async #checkEnd(): Promise<void> {
    const exit = await withDeadline(this.#child.exited, FRAME_TIMEOUT_MS, `the end of ${this.#name}`);
    if (exit.exitCode === 0 || this.#isClosed) return;
    const reason = this.#messages.at(-1) ?? 'no reason given';
    throw new SeamlineError('file-unreadable', `${this.#name} cannot be decoded: ${reason.slice(0, 200)}`);
  }
}
