import type { Mesh, MeshGrid } from '../contract/warp-state.ts';
import type { Size } from '../contract/pixels.ts';
import { applyAll, cornerOffsets, IDENTITY, invert, multiply, type Homography } from '../geometry/homography.ts';
import { rigidMesh } from '../geometry/rigid-mesh.ts';
import { Trajectory } from '../geometry/trajectory.ts';
import { CameraMotionGauge, hasMoved } from './camera-motion.ts';
import type { TemporalNet, TemporalResult } from './temporal-net.ts';

/** A camera has moved when a corner went this far, pixels of the networks' size. */
const MOVED_PX = 0.2;
/** Below this share of agreeing matches TemporalNet has lost its view. */
const LOST_SUPPORT = 0.08;
/** Longest motion that TemporalNet follows well, share of the width. */
const MAX_MOTION_SHARE = 0.055;
/** A picture that lies further from the key than this becomes the key itself. */
const REKEY_SHARE = 0.025;
/** The key is renewed this often, since light and scene change. */
const KEY_US = 5_000_000;
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
  /** Remembered picture ← the one of the last step, view pixels, where all motions since then were known. */
  #lastFromStep: Homography | undefined;
  #runs = 0;
  readonly #movedPx: number;

  constructor(net: TemporalNet, grid: MeshGrid, view: Size, network: Size) {
    this.view = view;
    this.#movedPx = (MOVED_PX * view.widthPx) / network.widthPx;
    this.trajectory = new Trajectory(grid, view);
    this.#net = net;
    this.#gauge = new CameraMotionGauge(network.widthPx, network.heightPx);
    this.#rigid = rigidMesh(grid, view);
  }

  /** How often TemporalNet ran. */
  get runs(): number {
    return this.#runs;
  }

  /** Forgets the remembered pictures. */
  reset(): void {
    this.#key = undefined;
    this.#last = undefined;
  }

  /**
   * Compares the newest picture with the remembered ones, and remembers it when the camera moved.
   * @param luma at the networks' size; copied when it is remembered
   * @param known motion from the picture of the step before, view pixels: older ← this one
   */
  async step(luma: Float32Array, ptsUs: number, known?: Homography): Promise<ViewStep> {
    if (this.#key === undefined || this.#last === undefined) {
      this.#begin(luma, ptsUs);
      return { kind: 'still' };
    }
    this.#lastFromStep = this.#lastFromStep && known && multiply(this.#lastFromStep, known);
    return this.#lastFromStep === undefined ? this.#measure(luma, ptsUs) : this.#move(this.#lastFromStep, luma, ptsUs);
  }

  /** A step of known motion. */
  #move(lastFromNow: Homography, luma: Float32Array, ptsUs: number): ViewStep {
    const cornerPx = Math.max(...cornerOffsets(lastFromNow, this.view).map(Math.abs));
    if (cornerPx < this.#movedPx) {
      if (ptsUs - this.#lastUs > RENEW_US && cornerPx < this.#movedPx / 2) this.#renew(luma, ptsUs);
      return { kind: 'still' };
    }
    this.#begin(luma, ptsUs);
    return { kind: 'moved', motion: this.#motionBy(lastFromNow) };
  }

  #motionBy(lastFromNow: Homography): Float64Array {
    return applyAll(lastFromNow, this.#rigid).map((value, index) => value - this.#rigid[index]!);
  }

  async #run(key: Float32Array, luma: Float32Array): Promise<TemporalResult> {
    this.#runs += 1;
    return this.#net.run(key, luma, this.view);
  }

  async #measure(luma: Float32Array, ptsUs: number): Promise<ViewStep> {
    const compared = this.#gauge.compare(luma);
    if (!hasMoved(compared, MOVED_PX)) {
      const isAlike = compared.cornerPx < MOVED_PX / 2;
      if (isAlike) this.#lastFromStep = IDENTITY;
      if (isAlike && ptsUs - this.#lastUs > RENEW_US) this.#renew(luma, ptsUs);
      return { kind: 'still' };
    }
    if (this.#lastShare > REKEY_SHARE || this.#lastUs - this.#keyUs > KEY_US) this.#takeLastAsKey();
    let found = await this.#run(this.#key!, luma);
    if (!isUsable(found) && this.#lastShare > 0) {
      this.#takeLastAsKey();
      found = await this.#run(this.#key!, luma);
    }
    if (!isUsable(found)) {
      this.#begin(luma, ptsUs);
      return { kind: 'lost' };
    }
    const lastFromNow = multiply(invert(this.#keyFromLast), found.olderFromNewer);
    this.#keyFromLast = found.olderFromNewer;
    this.#lastShare = found.longestShare;
    this.#renew(luma, ptsUs);
    return { kind: 'moved', motion: this.#motionBy(lastFromNow) };
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
    this.#lastFromStep = IDENTITY;
    this.#lastUs = ptsUs;
    this.#gauge.remember(luma);
  }
}

function isUsable({ olderFromNewer, support, longestShare }: TemporalResult): boolean {
  return support >= LOST_SUPPORT && longestShare <= MAX_MOTION_SHARE && olderFromNewer.every(Number.isFinite);
}
