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

/**
 * Sizes and frame memory of both views. A view's full size is decided once and stays for the life of the job; a machine
 * that cannot keep up works with a share of it.
 */
export class ViewSet {
  readonly #memory: SharedMemoryPlan;
  readonly #maxWidthPx: number;
  readonly #fullSizes: [Size | undefined, Size | undefined] = [undefined, undefined];
  /** Memory is never given back, so a size that comes again gets its ring again. */
  readonly #rings = new Map<string, FrameRing>();
  #share = 1;
  #nextShare = 1;

  constructor(memory: SharedMemoryPlan, maxWidthPx: number) {
    this.#memory = memory;
    this.#maxWidthPx = maxWidthPx;
  }

  /** The ring for a camera whose own size is now known. A view that was sized before keeps that size. */
  createRing(camera: CameraIndex, native: Size): FrameRing {
    this.#fullSizes[camera] ??= workingSize(native, this.#maxWidthPx);
    return this.ring(camera);
  }

  /** The ring to be filled from now on. @throws Error when the camera's size is unknown */
  ring(camera: CameraIndex): FrameRing {
    const full = this.#fullSizes[camera];
    if (full === undefined) throw new Error('the camera has no size yet');
    const size = scaled(full, this.#nextShare);
    const key = `${camera} ${size.widthPx} ${size.heightPx}`;
    const known = this.#rings.get(key);
    if (known !== undefined) return known;
    const byteOffset = this.#memory.allocate(SLOTS_PER_CAMERA * FrameRing.slotStride(size));
    const ring = new FrameRing(this.#memory.memory, byteOffset, SLOTS_PER_CAMERA, camera, size);
    this.#rings.set(key, ring);
    return ring;
  }

  /** True when no picture of this camera has come yet. */
  isUnknown(camera: CameraIndex): boolean {
    return this.#fullSizes[camera] === undefined;
  }

  /** Both sizes in use, or undefined while one is unknown. */
  get sizes(): ViewSizes | undefined {
    return this.sizesAt(this.#share);
  }

  /** Both sizes at a share of the full ones. */
  sizesAt(share: number): ViewSizes | undefined {
    const [reference, target] = this.#fullSizes;
    if (reference === undefined || target === undefined) return undefined;
    return { reference: scaled(reference, share), target: scaled(target, share) };
  }

  /** From now on rings are of this share of the full sizes; `sizes` follows with `settle`. */
  nextScale(share: number): void {
    this.#nextShare = share;
  }

  /** True when rings and sizes in use are the same. */
  get isSettled(): boolean {
    return this.#share === this.#nextShare;
  }

  /** Frames of the new rings are in use now. */
  settle(): void {
    this.#share = this.#nextShare;
  }

  /** A black picture in place of a camera that is missing; the view takes the size of the other one. */
  blackFrame(camera: CameraIndex, nowUs: number): Frame {
    const full = this.#fullSizes[camera] ?? this.#fullSizes[camera === 0 ? 1 : 0];
    if (full === undefined) throw new Error('no camera has a size yet');
    this.#fullSizes[camera] = full;
    const { size } = this.ring(camera);
    const writer = this.ring(camera).acquire();
    if (writer === undefined) throw new Error('a camera that gives no pictures has a free slot');
    writer.bytes.fill(BLACK_LUMA, 0, size.widthPx * size.heightPx);
    writer.bytes.fill(NEUTRAL_CHROMA, size.widthPx * size.heightPx);
    return writer.commit(nowUs, nowUs);
  }
}

/** Even sides of at least 16, as `workingSize`. */
function scaled(full: Size, share: number): Size {
  return share === 1 ? full : workingSize(full, full.widthPx * share);
}
