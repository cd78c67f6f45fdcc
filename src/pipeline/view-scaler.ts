import type { Frame, FrameRing } from '../contract/frame-ring.ts';
import type { CameraIndex, Size } from '../contract/pixels.ts';
import type { ViewSizes } from '../geometry/canvas.ts';
import type { ViewSet } from './view-set.ts';

/** What a scaler needs to know and to move of a camera. */
export interface ScaledCamera {
  /** True while its pictures arrive. */
  readonly isRunning: boolean;
  /** Fills this ring from the next key frame on. */
  useRing(ring: FrameRing): void;
}

/** What a view scaler works with. */
export interface ViewScalerOptions {
  readonly views: ViewSet;
  readonly cameras: () => readonly ScaledCamera[];
  /** Gets ready for pairs of these sizes. */
  readonly prepare: (sizes: ViewSizes) => Promise<void>;
  /** From the next frame on these sizes hold; cameras of `missing` give no frames now. */
  readonly onSwitched: (sizes: ViewSizes, missing: readonly CameraIndex[]) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Brings the views of a running job to another working size. Each camera changes at its own next key frame, since a
 * decoder starts with one; frames of the old size are used until both are there.
 */
export class ViewScaler {
  readonly #options: ViewScalerOptions;
  #wanted = 1;
  #pending: { readonly sizes: ViewSizes; readonly arrived: Set<CameraIndex> } | undefined;

  constructor(options: ViewScalerOptions) {
    this.#options = options;
  }

  /** Asks for views of this share of their size; the last one asked for wins. */
  request(share: number): void {
    if (share === this.#wanted) return;
    this.#wanted = share;
    this.#turn(share).catch(this.#options.onError);
  }

  async #turn(share: number): Promise<void> {
    const { views, cameras, prepare } = this.#options;
    const sizes = views.sizesAt(share);
    if (sizes === undefined) return;
    await prepare(sizes);
    if (this.#wanted !== share) return;
    views.nextScale(share);
    this.#pending = views.isSettled ? undefined : { sizes, arrived: new Set() };
    cameras().forEach((camera, index) => {
      camera.useRing(views.ring(index as CameraIndex));
    });
  }

  /** True when the frame may be paired: it has the size in use, or completes the change to the next one. */
  admits(frame: Frame): boolean {
    const { views, cameras } = this.#options;
    if (this.#pending !== undefined && isSame(frame.size, sizeOf(this.#pending.sizes, frame.camera))) {
      this.#pending.arrived.add(frame.camera);
      const { arrived, sizes } = this.#pending;
      const away = ([0, 1] as const).filter((camera) => !arrived.has(camera));
      if (away.some((camera) => cameras()[camera]?.isRunning === true)) return false;
      this.#pending = undefined;
      views.settle();
      this.#options.onSwitched(sizes, away);
      return true;
    }
    const sizes = views.sizes;
    return sizes === undefined || isSame(frame.size, sizeOf(sizes, frame.camera));
  }
}

function sizeOf(sizes: ViewSizes, camera: CameraIndex): Size {
  return camera === 0 ? sizes.reference : sizes.target;
}

function isSame(one: Size, other: Size): boolean {
  return one.widthPx === other.widthPx && one.heightPx === other.heightPx;
}
