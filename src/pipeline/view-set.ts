import { FrameRing, type Frame } from '../contract/frame-ring.ts';
import type { SharedMemoryPlan } from '../contract/memory-plan.ts';
import type { CameraIndex, Size } from '../contract/pixels.ts';
import type { ViewSizes } from '../geometry/canvas.ts';
import { workingSize } from './working-size.ts';

/**
 * Frames of one camera that may be held at once: one being decoded, up to nine in pairing (a sync offset holds one
 * side back), one pair waiting, one being composed, one shown last, one with the networks, one to spare.
 */
const SLOTS_PER_CAMERA = 15;

/** Limited-range black (BT.709): luma 16, chroma 128. */
const BLACK_LUMA = 16;
const NEUTRAL_CHROMA = 128;

/** Sizes and frame memory of both views. A view's size is decided once and stays for the life of the job. */
export class ViewSet {
  readonly #memory: SharedMemoryPlan;
  readonly #maxWidthPx: number;
  readonly #sizes: [Size | undefined, Size | undefined] = [undefined, undefined];

  constructor(memory: SharedMemoryPlan, maxWidthPx: number) {
    this.#memory = memory;
    this.#maxWidthPx = maxWidthPx;
  }

  /** The ring for a camera whose own size is now known. A view that was sized before keeps that size. */
  createRing(camera: CameraIndex, native: Size): FrameRing {
    const size = this.#sizes[camera] ?? workingSize(native, this.#maxWidthPx);
    this.#sizes[camera] = size;
    return this.#ring(camera, size, SLOTS_PER_CAMERA);
  }

  /** True when no picture of this camera has come yet. */
  isUnknown(camera: CameraIndex): boolean {
    return this.#sizes[camera] === undefined;
  }

  /** Both sizes, or undefined while one is unknown. */
  get sizes(): ViewSizes | undefined {
    const [reference, target] = this.#sizes;
    return reference === undefined || target === undefined ? undefined : { reference, target };
  }

  /** A black picture in place of a camera that is missing; the view takes the size of the other one. */
  blackFrame(camera: CameraIndex, nowUs: number): Frame {
    const other = this.#sizes[camera === 0 ? 1 : 0];
    const size = this.#sizes[camera] ?? other;
    if (size === undefined) throw new Error('no camera has a size yet');
    this.#sizes[camera] = size;
    const writer = this.#ring(camera, size, 1).acquire();
    if (writer === undefined) throw new Error('a new ring has a free slot');
    writer.bytes.fill(BLACK_LUMA, 0, size.widthPx * size.heightPx);
    writer.bytes.fill(NEUTRAL_CHROMA, size.widthPx * size.heightPx);
    return writer.commit(nowUs, nowUs);
  }

  #ring(camera: CameraIndex, size: Size, slots: number): FrameRing {
    const byteOffset = this.#memory.allocate(slots * FrameRing.slotStride(size));
    return new FrameRing(this.#memory.memory, byteOffset, slots, camera, size);
  }
}
