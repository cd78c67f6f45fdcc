import type { Clock } from '../common/clock.ts';
import type { Frame } from '../contract/frame-ring.ts';
import type { SharedMemoryPlan } from '../contract/memory-plan.ts';
import type { Size } from '../contract/pixels.ts';
import type { CanvasGeometry } from '../contract/warp-state.ts';
import type { CameraMotions } from '../contract/worker-messages.ts';
import type { ViewSizes } from '../geometry/canvas.ts';
import { FOLLOW_SIZE } from '../inference/camera-follower.ts';
import { Kernels, loadKernels } from '../kernels/index.ts';
import type { FramePair } from '../pairing/frame-pairer.ts';
import { FollowedCameras, type FoundPair } from './followed-cameras.ts';
import type { PairTimes } from './geometry-follower.ts';

/** What the networks say beside a geometry. */
export interface FoundFor extends FoundPair {
  /** Size of the reference view that the geometry is told in. */
  readonly referenceView: Size;
}

/** Follows the cameras of a job from pair to pair while they move, and sees when they begin to. */
export class FollowedPairs {
  readonly #kernels: Kernels;
  readonly #clock: Clock;
  readonly #scratch: number;
  readonly #luma: Float32Array;
  #cameras: FollowedCameras;

  constructor(memory: SharedMemoryPlan, kernels: WebAssembly.Module, views: ViewSizes, clock: Clock) {
    this.#cameras = new FollowedCameras(views);
    this.#clock = clock;
    const bytes = [views.reference, views.target].map((size) => Kernels.lumaBytes(size, FOLLOW_SIZE));
    this.#scratch = memory.allocate(Math.max(...bytes));
    this.#luma = new Float32Array(memory.memory.buffer, this.#scratch, FOLLOW_SIZE.widthPx * FOLLOW_SIZE.heightPx);
    this.#kernels = loadKernels(kernels, memory.memory);
  }

  /** The views have another working size from now on. */
  resize(views: ViewSizes): void {
    this.#cameras = new FollowedCameras(views);
  }

  /** Stops following, for example because a geometry was fixed by hand. */
  stop(): void {
    this.#cameras.stop();
  }

  /**
   * The networks found a geometry.
   * @returns true when it is carried on from pair to pair from now on; false when it is to be shown as it is
   */
  take(geometry: CanvasGeometry, found: FoundFor, frames: number): boolean {
    return this.#cameras.take(geometry, found, frames, this.#clock.nowUs());
  }

  /** Looks at both pictures of a pair. */
  look(pair: FramePair): void {
    this.#see(0, pair.reference);
    this.#see(1, pair.target);
  }

  /** What both cameras have done from another pair to this one, as far as it is known. */
  motions(since: PairTimes, pair: FramePair): CameraMotions {
    this.look(pair);
    return this.#cameras.motions(since, timesOf(pair));
  }

  /** The pair's own geometry, or undefined when that which the composer has is to stay. */
  geometryOf(pair: FramePair): CanvasGeometry | undefined {
    this.look(pair);
    return this.#cameras.at(timesOf(pair), this.#clock.nowUs());
  }

  #see(view: 0 | 1, frame: Frame): void {
    if (!this.#cameras.wants(view, frame.captureUs)) return;
    this.#kernels.scaleLuma(frame.byteOffset, frame.size, this.#scratch, FOLLOW_SIZE);
    this.#cameras.see(view, this.#luma, frame.captureUs, this.#clock.nowUs());
  }
}

/** What a pair is known by. */
export function timesOf({ reference, target }: FramePair): PairTimes {
  return [reference.captureUs, target.captureUs];
}
