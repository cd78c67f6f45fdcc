import type { CanvasGeometry, MeshGrid } from '../contract/warp-state.ts';
import type { CameraMotions } from '../contract/worker-messages.ts';
import type { ViewSizes } from '../geometry/canvas.ts';
import { GeometryFollower, type PairTimes } from './geometry-follower.ts';

/** Cameras that have not moved for this long are only watched. */
const ACTIVE_US = 5_000_000;

/** The pair that a geometry was found for. */
export interface FoundPair {
  readonly times: PairTimes;
  /** A camera moved since the pair before. */
  readonly isMoving: boolean;
}

/**
 * Decides which pairs get their own geometry: those of moving cameras, from the very pair on in which one has moved.
 * Pure but for its state: pictures, times and answers come in, geometries go out.
 */
export class FollowedCameras {
  readonly #views: ViewSizes;
  #follower: GeometryFollower | undefined;
  #grid: MeshGrid | undefined;
  #activeUntilUs = -Infinity;

  constructor(views: ViewSizes) {
    this.#views = views;
  }

  /** Stops following until the networks find a geometry again. */
  stop(): void {
    this.#activeUntilUs = -Infinity;
    this.#follower = undefined;
  }

  /** True when this picture has to be given to `see`. */
  wants(view: 0 | 1, timeUs: number): boolean {
    return this.#follower?.knows(view, timeUs) === false;
  }

  /** Takes one picture of a view in. @param luma 0 … 255 of FOLLOW_SIZE, not kept */
  see(view: 0 | 1, luma: Float32Array, timeUs: number, nowUs: number): void {
    const isActive = nowUs < this.#activeUntilUs;
    const hasMoved = this.#orStop(() => {
      if (!isActive) return this.#follower?.watch(view, luma, timeUs) === true;
      this.#follower?.see(view, luma, timeUs);
      return false;
    }, false);
    if (hasMoved) this.#activeUntilUs = nowUs + ACTIVE_US;
  }

  /** What both cameras have done between two pairs, as far as it is known. */
  motions(older: PairTimes, newer: PairTimes): CameraMotions {
    return this.#orStop(
      () => [this.#follower?.motion(0, older[0], newer[0]), this.#follower?.motion(1, older[1], newer[1])],
      [undefined, undefined],
    );
  }

  /**
   * The networks found a geometry.
   * @param frames over which it is given in
   * @returns true when it is carried on from pair to pair; false when it is to be shown as it is
   */
  take(geometry: CanvasGeometry, { times, isMoving }: FoundPair, frames: number, nowUs: number): boolean {
    if (isMoving) this.#activeUntilUs = nowUs + ACTIVE_US;
    const { grid } = geometry;
    return this.#orStop(() => {
      if (this.#follower === undefined || grid.rows !== this.#grid?.rows || grid.cols !== this.#grid.cols) {
        this.#follower = new GeometryFollower(this.#views, grid);
        this.#grid = grid;
      }
      return this.#follower.rebase(geometry, times, frames) && nowUs < this.#activeUntilUs;
    }, false);
  }

  /** The geometry of a pair of moving cameras, or undefined when that which is shown is to stay. */
  at(times: PairTimes, nowUs: number): CanvasGeometry | undefined {
    return this.#orStop(() => {
      if (nowUs < this.#activeUntilUs) return this.#follower?.at(times);
      this.#follower?.rest(times);
      return undefined;
    }, undefined);
  }

  /** Motions that together have no inverse or no image, as of a view that collapses, end the following, not the job. */
  #orStop<Result>(follow: () => Result, otherwise: Result): Result {
    try {
      return follow();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.stop();
      return otherwise;
    }
  }
}
