import type { CameraIndex, Size } from './pixels.ts';
import { i420Bytes } from './pixels.ts';

/**
 * Frames live in one `WebAssembly.Memory` shared by the job's threads, so that kernels read them where the decoder's
 * bytes were put. The job's main thread alone decides which slot is free; workers get byte offsets and never free.
 */

/** Frames start at multiples of this many bytes (compose.md: 256-byte alignment). */
export const FRAME_ALIGNMENT = 256;

/**
 * Bytes to keep free at both ends of the memory: the kernels may read (and discard) up to about 40 rows outside a frame.
 */
export const GUARD_BYTES = 256 * 1024;

/** One picture in a slot. It stays valid until the last holder has released it. */
export interface Frame {
  readonly camera: CameraIndex;
  readonly size: Size;
  /** Where the I420 picture lies in the shared memory. */
  readonly byteOffset: number;
  /** The picture itself, a view on the shared memory. */
  readonly bytes: Uint8Array;
  /** When the camera took it, µs of the job's clock. */
  readonly captureUs: number;
  /** When it was decoded, µs of the job's clock. */
  readonly decodedUs: number;
  /** Takes one more hold of the slot. */
  retain(): void;
  /** Gives one hold back; the slot is free after the last. @throws Error when released too often */
  release(): void;
}

class Slot implements Frame {
  readonly camera: CameraIndex;
  readonly size: Size;
  readonly byteOffset: number;
  readonly bytes: Uint8Array;
  captureUs = 0;
  decodedUs = 0;
  holds = 0;

  constructor(camera: CameraIndex, size: Size, byteOffset: number, bytes: Uint8Array) {
    this.camera = camera;
    this.size = size;
    this.byteOffset = byteOffset;
    this.bytes = bytes;
  }

  retain(): void {
    if (this.holds === 0) throw new Error('a free slot cannot be retained');
    this.holds += 1;
  }

  release(): void {
    if (this.holds === 0) throw new Error('a slot was released too often');
    this.holds -= 1;
  }
}

/** A slot that a decoder is filling. Either `commit` or `abandon` ends it. */
export interface FrameWriter {
  readonly bytes: Uint8Array;
  /** The finished frame with one hold, which is the caller's. */
  commit(captureUs: number, decodedUs: number): Frame;
  abandon(): void;
}

/** A fixed set of slots of one camera, all of one size. */
export class FrameRing {
  readonly camera: CameraIndex;
  readonly size: Size;
  readonly #slots: Slot[] = [];

  /** @param byteOffset start of the ring in the memory, a multiple of FRAME_ALIGNMENT */
  constructor(memory: WebAssembly.Memory, byteOffset: number, slots: number, camera: CameraIndex, size: Size) {
    this.camera = camera;
    this.size = size;
    const stride = FrameRing.slotStride(size);
    for (let index = 0; index < slots; index += 1) {
      const offset = byteOffset + index * stride;
      this.#slots.push(new Slot(camera, size, offset, new Uint8Array(memory.buffer, offset, i420Bytes(size))));
    }
  }

  /** Bytes from one slot to the next. */
  static slotStride(size: Size): number {
    return Math.ceil(i420Bytes(size) / FRAME_ALIGNMENT) * FRAME_ALIGNMENT;
  }

  /** Slots nobody holds. */
  get free(): number {
    return this.#slots.filter((slot) => slot.holds === 0).length;
  }

  /** A free slot to fill, or undefined when all are held (the caller drops the frame and counts it). */
  acquire(): FrameWriter | undefined {
    const slot = this.#slots.find((candidate) => candidate.holds === 0);
    if (slot === undefined) return undefined;
    slot.holds = 1;
    return {
      bytes: slot.bytes,
      commit: (captureUs, decodedUs) => {
        slot.captureUs = captureUs;
        slot.decodedUs = decodedUs;
        return slot;
      },
      abandon: () => slot.release(),
    };
  }
}
