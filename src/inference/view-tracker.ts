import type { Mesh, MeshGrid } from '../contract/warp-state.ts';
import type { Size } from '../contract/pixels.ts';
import { applyAll, invert, multiply, scaleShift } from '../geometry/homography.ts';
import { rigidMesh } from '../geometry/rigid-mesh.ts';
import { Trajectory } from '../geometry/trajectory.ts';
import { CameraMotionGauge } from './camera-motion.ts';
import type { TemporalNet, TemporalResult } from './temporal-net.ts';

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
/** A picture that lies further from the key than this becomes the key itself. */
const REKEY_SHARE = 0.025;
/** The key is renewed this often, since light and scene change. */
const KEY_US = 5_000_000;
const IDENTITY = scaleShift(1, 1, 0, 0);
/** The same of the picture that a still camera is compared with. */
const RENEW_US = 2_000_000;

/** What became of one camera since the remembered picture. */
export type ViewStep =
  | { readonly kind: 'still' }
  /** Motion of the control points from the newest picture back to the one before, view pixels. */
  | { readonly kind: 'moved'; readonly motion: Float64Array }
  /** Too far or nothing in common: only a new anchor helps. */
  | { readonly kind: 'lost' };

/**
 * Follows one camera: a cheap test sees that it stands still while the scene moves, TemporalNet measures its motion
 * otherwise. TemporalNet compares with an older picture for as long as the view has not left it, so that the errors
 * of a shaking camera do not add up; the step from picture to picture is the quotient of two such motions.
 */
export class ViewTracker {
  readonly view: Size;
  readonly trajectory: Trajectory;
  readonly #net: TemporalNet;
  readonly #gauge: CameraMotionGauge;
  readonly #rigid: Mesh;
  /** The picture that motions are measured from. */
  #key: Float32Array | undefined;
  #keyUs = 0;
  /** The picture for which the mesh was last set, and where it lies in the key. */
  #last: Float32Array | undefined;
  #keyFromLast = IDENTITY;
  #lastShare = 0;
  #lastUs = 0;

  constructor(net: TemporalNet, grid: MeshGrid, view: Size, network: Size) {
    this.view = view;
    this.trajectory = new Trajectory(grid, view);
    this.#net = net;
    this.#gauge = new CameraMotionGauge(network.widthPx, network.heightPx);
    this.#rigid = rigidMesh(grid, view);
  }

  /** Forgets the remembered pictures. */
  reset(): void {
    this.#key = undefined;
    this.#last = undefined;
  }

  /**
   * Compares the newest picture with the remembered ones, and remembers it when the camera moved.
   * @param luma at the networks' size; copied when it is remembered
   */
  async step(luma: Float32Array, ptsUs: number): Promise<ViewStep> {
    if (this.#key === undefined || this.#last === undefined) {
      this.#begin(luma, ptsUs);
      return { kind: 'still' };
    }
    const { cornerPx, stillShare, movingShare } = this.#gauge.compare(luma);
    const hasMoved = (cornerPx > MOVED_PX && movingShare > MAJORITY) || stillShare < STILL_MINORITY;
    if (!hasMoved) {
      if (ptsUs - this.#lastUs > RENEW_US && cornerPx < MOVED_PX / 2) this.#renew(luma, ptsUs);
      return { kind: 'still' };
    }
    if (this.#lastShare > REKEY_SHARE || this.#lastUs - this.#keyUs > KEY_US) this.#takeLastAsKey();
    let found = await this.#net.run(this.#key, luma, this.view);
    if (!isUsable(found) && this.#lastShare > 0) {
      this.#takeLastAsKey();
      found = await this.#net.run(this.#key, luma, this.view);
    }
    if (!isUsable(found)) {
      this.#begin(luma, ptsUs);
      return { kind: 'lost' };
    }
    const lastFromNow = multiply(invert(this.#keyFromLast), found.olderFromNewer);
    this.#keyFromLast = found.olderFromNewer;
    this.#lastShare = found.longestShare;
    this.#renew(luma, ptsUs);
    const moved = applyAll(lastFromNow, this.#rigid);
    return { kind: 'moved', motion: moved.map((value, index) => value - this.#rigid[index]!) };
  }

  #begin(luma: Float32Array, ptsUs: number): void {
    this.#key = luma.slice();
    this.#keyUs = ptsUs;
    this.#last = luma.slice();
    this.#keyFromLast = IDENTITY;
    this.#lastShare = 0;
    this.#renew(luma, ptsUs);
  }

  #takeLastAsKey(): void {
    this.#key?.set(this.#last ?? []);
    this.#keyUs = this.#lastUs;
    this.#keyFromLast = IDENTITY;
    this.#lastShare = 0;
  }

  #renew(luma: Float32Array, ptsUs: number): void {
    this.#last?.set(luma);
    this.#lastUs = ptsUs;
    this.#gauge.remember(luma);
  }
}

function isUsable({ olderFromNewer, support, longestShare }: TemporalResult): boolean {
  return support >= LOST_SUPPORT && longestShare <= MAX_MOTION_SHARE && olderFromNewer.every(Number.isFinite);
}
