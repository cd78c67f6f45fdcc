import { SeamlineError } from '../common/seamline-error.ts';
import { FrameRing, type Frame } from '../contract/frame-ring.ts';
import type { SharedMemoryPlan } from '../contract/memory-plan.ts';
import type { CameraIndex, Size } from '../contract/pixels.ts';
import { FileSource } from '../ingest/file-source.ts';
import { workingSize } from '../pipeline/working-size.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';

/** Frames of a file that are held at once: two to choose from, one being read, one in work. */
const SLOTS = 4;

/** One pair of frames; the receiver releases both. */
export interface FilePair {
  readonly reference: Frame;
  readonly target: Frame;
  /** Numbers of the two frames in their files, from 0. */
  readonly sourceIndex: readonly [number, number];
  /** Time of the reference's frame from its file's start. */
  readonly ptsUs: number;
}

/** A frame and its number. */
interface Numbered {
  readonly frame: Frame;
  readonly index: number;
}

/** Frame memory of both files, shared by the passes over them. */
export class FileRings {
  readonly #memory: SharedMemoryPlan;
  readonly #maxWidthPx: number;
  readonly #rings = new Map<CameraIndex, FrameRing>();

  constructor(memory: SharedMemoryPlan, maxWidthPx: number) {
    this.#memory = memory;
    this.#maxWidthPx = maxWidthPx;
  }

  /** The ring of a file, made when its size is first known. */
  ring(camera: CameraIndex, native: Size): FrameRing {
    const known = this.#rings.get(camera);
    if (known !== undefined) return known;
    const size = workingSize(native, this.#maxWidthPx);
    const offset = this.#memory.allocate(SLOTS * FrameRing.slotStride(size));
    const ring = new FrameRing(this.#memory.memory, offset, SLOTS, camera, size);
    this.#rings.set(camera, ring);
    return ring;
  }
}

/**
 * Pairs of two files, in order: every frame of the reference with the target's frame nearest in time. Ends with the
 * shorter file. Reading the same files again gives the same pairs.
 */
export class PairReader {
  readonly #reference: FileSource;
  readonly #target: FileSource;
  #referenceIndex = 0;
  #targetIndex = 0;
  #current: Numbered | undefined;
  #following: Numbered | undefined;
  #targetStepUs = 0;

  private constructor(reference: FileSource, target: FileSource) {
    this.#reference = reference;
    this.#target = target;
  }

  /**
   * Opens both files.
   * @throws SeamlineError `file-unreadable`, or `invalid-request` for a video with a picture
   */
  static async open(paths: readonly [string, string], ffmpeg: FfmpegInfo, rings: FileRings): Promise<PairReader> {
    const open = (camera: CameraIndex): Promise<FileSource> =>
      FileSource.open({ path: paths[camera], ffmpeg, createRing: (native) => rings.ring(camera, native) });
    const reference = await open(0);
    let target: FileSource | undefined;
    try {
      target = await open(1);
      if (reference.format.isStill !== target.format.isStill) {
        throw new SeamlineError('invalid-request', 'give two videos or two pictures, not one of each');
      }
      return new PairReader(reference, target);
    } catch (error) {
      await Promise.all([reference.close(), target?.close()]);
      throw error;
    }
  }

  /** Sizes of the frames. */
  get views(): { reference: Size; target: Size } {
    return { reference: this.#reference.size, target: this.#target.size };
  }

  get isStill(): boolean {
    return this.#reference.format.isStill;
  }

  /** Pairs to expect, or undefined when a file does not say. */
  get count(): number | undefined {
    const [a, b] = [this.#reference.format, this.#target.format];
    if (a.frames === undefined || b.frames === undefined) return undefined;
    const seconds = b.fps === undefined ? Infinity : b.frames / b.fps;
    return Math.max(1, Math.min(a.frames, a.fps === undefined ? a.frames : Math.round(seconds * a.fps)));
  }

  /** The next pair, or undefined when one of the files has ended. @throws SeamlineError `file-unreadable` */
  async next(): Promise<FilePair | undefined> {
    const reference = await this.#reference.next();
    if (reference === undefined) return undefined;
    const index = this.#referenceIndex;
    this.#referenceIndex += 1;
    const target = await this.#nearest(reference.captureUs);
    if (target === undefined) {
      reference.release();
      return undefined;
    }
    target.frame.retain();
    return { reference, target: target.frame, sourceIndex: [index, target.index], ptsUs: reference.captureUs };
  }

  /** The target's frame nearest to a time; undefined when the file ended before it. */
  async #nearest(us: number): Promise<Numbered | undefined> {
    this.#current ??= await this.#read();
    if (this.#current === undefined) return undefined;
    for (;;) {
      this.#following ??= await this.#read();
      const following = this.#following;
      if (following === undefined) break;
      this.#targetStepUs = following.frame.captureUs - this.#current.frame.captureUs;
      if (Math.abs(following.frame.captureUs - us) > Math.abs(this.#current.frame.captureUs - us)) break;
      this.#current.frame.release();
      this.#current = following;
      this.#following = undefined;
    }
    const isPast = this.#following === undefined && us - this.#current.frame.captureUs > this.#targetStepUs / 2 + 1;
    return isPast && !this.isStill ? undefined : this.#current;
  }

  async #read(): Promise<Numbered | undefined> {
    const frame = await this.#target.next();
    if (frame === undefined) return undefined;
    const index = this.#targetIndex;
    this.#targetIndex += 1;
    return { frame, index };
  }

  /** Ends both decoders and gives all frames back. Safe to call twice. */
  async close(): Promise<void> {
    this.#current?.frame.release();
    this.#following?.frame.release();
    this.#current = undefined;
    this.#following = undefined;
    await Promise.all([this.#reference.close(), this.#target.close()]);
  }
}
