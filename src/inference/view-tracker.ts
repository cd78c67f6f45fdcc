import type { MeshGrid } from '../contract/warp-state.ts';
import type { Size } from '../contract/pixels.ts';
import { Trajectory } from '../geometry/trajectory.ts';
import { CameraMotionGauge } from './camera-motion.ts';
import type { TemporalNet } from './temporal-net.ts';

/** A camera has moved when a corner went this far, pixels of the networks' size. */
const MOVED_PX = 0.2;
/** Most of the view must follow a motion before it is the camera's … */
const MAJORITY = 0.6;
/** … and less than this must be explained by standing still before nothing is. */
const STILL_MINORITY = 0.5;
/** Below this share of agreeing matches TemporalNet has lost its view. */
const LOST_SUPPORT = 0.08;
/** Longest motion that TemporalNet follows well, share of the width. */
const MAX_MOTION_SHARE = 0.055;
/** The remembered picture of a still camera is renewed this often, since light and scene change. */
const RENEW_US = 2_000_000;

/** What became of one camera since the remembered picture. */
export type ViewStep =
  | { readonly kind: 'still' }
  /** Motion of the control points from the newest picture back to the remembered one, view pixels. */
  | { readonly kind: 'moved'; readonly motion: Float64Array }
  /** Too far or nothing in common: only a new anchor helps. */
  | { readonly kind: 'lost' };

/**
 * Follows one camera: a cheap test sees that it stands still while the scene moves, TemporalNet measures its motion
 * otherwise. Motions are taken from the picture for which the mesh was last set, so that a slow pan adds up.
 */
export class ViewTracker {
  readonly view: Size;
  readonly trajectory: Trajectory;
  readonly #net: TemporalNet;
  readonly #gauge: CameraMotionGauge;
  #key: Float32Array | undefined;
  #keyUs = 0;

  constructor(net: TemporalNet, grid: MeshGrid, view: Size, network: Size) {
    this.view = view;
    this.trajectory = new Trajectory(grid, view);
    this.#net = net;
    this.#gauge = new CameraMotionGauge(network.widthPx, network.heightPx);
  }

  /** Forgets the remembered picture. */
  reset(): void {
    this.#key = undefined;
  }

  /**
   * Compares the newest picture with the remembered one, and remembers it when the camera moved.
   * @param luma at the networks' size; copied when it is remembered
   */
  async step(luma: Float32Array, ptsUs: number): Promise<ViewStep> {
    if (this.#key === undefined) {
      this.#remember(luma, ptsUs);
      return { kind: 'still' };
    }
    const { cornerPx, stillShare, movingShare } = this.#gauge.compare(luma);
    const hasMoved = (cornerPx > MOVED_PX && movingShare > MAJORITY) || stillShare < STILL_MINORITY;
    if (!hasMoved) {
      if (ptsUs - this.#keyUs > RENEW_US && cornerPx < MOVED_PX / 2) this.#remember(luma, ptsUs);
      return { kind: 'still' };
    }
    const { motion, support, longestShare } = await this.#net.run(this.#key, luma, this.view);
    this.#remember(luma, ptsUs);
    if (support < LOST_SUPPORT || longestShare > MAX_MOTION_SHARE || !motion.every(Number.isFinite))
      return { kind: 'lost' };
    return { kind: 'moved', motion };
  }

  #remember(luma: Float32Array, ptsUs: number): void {
    this.#key ??= new Float32Array(luma.length);
    this.#key.set(luma);
    this.#keyUs = ptsUs;
    this.#gauge.remember(luma);
  }
}
