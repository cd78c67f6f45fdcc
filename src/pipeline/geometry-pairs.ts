import type { Clock } from '../common/clock.ts';
import type { Frame } from '../contract/frame-ring.ts';
import type { SharedMemoryPlan } from '../contract/memory-plan.ts';
import type { Size } from '../contract/pixels.ts';
import type { CanvasGeometry, MeshGrid } from '../contract/warp-state.ts';
import type { ViewSizes } from '../geometry/canvas.ts';
import { FOLLOW_SIZE } from '../inference/camera-follower.ts';
import { Kernels, loadKernels } from '../kernels/index.ts';
import type { FramePair } from '../pairing/frame-pairer.ts';
import { GeometryFollower, type PairTimes } from './geometry-follower.ts';

/** Cameras that have not moved for this long are not looked at any more: standing still costs nothing. */
export const ACTIVE_US = 5_000_000;

/** What the networks say beside a geometry. */
export interface FoundFor {
  /** The pair that it was found for. */
  readonly times: PairTimes;
  /** A camera moved since the pair before. */
  readonly isMoving: boolean;
  /** Size of the reference view that the geometry is told in. */
  readonly referenceView: Size;
}

/** Follows the cameras of a job from pair to pair while they move. */
export class FollowedPairs {
  readonly #kernels: Kernels;
  #views: ViewSizes;
  readonly #clock: Clock;
  readonly #scratch: number;
  readonly #luma: Float32Array;
  #follower: GeometryFollower | undefined;
  #grid: MeshGrid | undefined;
  #activeUntilUs = -Infinity;

  constructor(memory: SharedMemoryPlan, kernels: WebAssembly.Module, views: ViewSizes, clock: Clock) {
    this.#views = views;
    this.#clock = clock;
    const bytes = [views.reference, views.target].map((size) => Kernels.lumaBytes(size, FOLLOW_SIZE));
    this.#scratch = memory.allocate(Math.max(...bytes));
    this.#luma = new Float32Array(memory.memory.buffer, this.#scratch, FOLLOW_SIZE.widthPx * FOLLOW_SIZE.heightPx);
    this.#kernels = loadKernels(kernels, memory.memory);
  }

  get #isActive(): boolean {
    return this.#clock.nowUs() < this.#activeUntilUs;
  }

  /** The views have another working size from now on. */
  resize(views: ViewSizes): void {
    this.#views = views;
    this.#follower = undefined;
  }

  /** Stops following, for example because a geometry was fixed by hand. */
  stop(): void {
    this.#activeUntilUs = -Infinity;
    this.#follower?.reset();
  }

  /**
   * The networks found a geometry.
   * @returns true when it is carried on from pair to pair from now on; false when it is to be shown as it is
   */
  take(geometry: CanvasGeometry, found: FoundFor, frames: number): boolean {
    if (found.isMoving) this.#activeUntilUs = this.#clock.nowUs() + ACTIVE_US;
    if (!this.#isActive) {
      this.#follower?.reset();
      return false;
    }
    const { grid } = geometry;
    if (this.#follower === undefined || grid.rows !== this.#grid?.rows || grid.cols !== this.#grid.cols) {
      this.#follower = new GeometryFollower(this.#views, grid);
      this.#grid = grid;
    }
    return this.#follower.rebase(geometry, found.times, frames);
  }

  /** Looks at both pictures of a pair, unless the cameras stand still. */
  look(pair: FramePair): void {
    if (!this.#isActive) return;
    this.#see(0, pair.reference);
    this.#see(1, pair.target);
  }

  /** The pair's own geometry, or undefined when that which the composer has is to stay. */
  geometryOf(pair: FramePair): CanvasGeometry | undefined {
    if (!this.#isActive) return undefined;
    this.look(pair);
    return this.#follower?.at(timesOf(pair));
  }

  #see(view: 0 | 1, frame: Frame): void {
    if (this.#follower?.knows(view, frame.captureUs) !== false) return;
    this.#kernels.scaleLuma(frame.byteOffset, frame.size, this.#scratch, FOLLOW_SIZE);
    this.#follower.see(view, this.#luma, frame.captureUs);
  }
}

/** What a pair is known by. */
export function timesOf({ reference, target }: FramePair): PairTimes {
  return [reference.captureUs, target.captureUs];
}
