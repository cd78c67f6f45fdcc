import type { Size } from '../contract/pixels.ts';
import type { CanvasGeometry, Mesh, MeshGrid } from '../contract/warp-state.ts';
import type { ViewSizes } from '../geometry/canvas.ts';
import { commonMotion } from '../geometry/common-motion.ts';
import {
  applyAll,
  cornerOffsets,
  homographyFromCorners,
  invert,
  multiply,
  viewCorners,
  type Homography,
} from '../geometry/homography.ts';
import { rigidMesh } from '../geometry/rigid-mesh.ts';
import { Trajectory } from '../geometry/trajectory.ts';
import { CameraFollower } from '../inference/camera-follower.ts';

/** Names the two pictures of a pair by their capture times, µs: the reference's and the target's. */
export type PairTimes = readonly [number, number];

/** Part of what the content went on beside what was expected that counts for the next. */
const DRIFT_GAIN = 0.5;
/** After a longer pause nothing is expected. */
const LONGEST_GAP_S = 1;

/** One mesh a view. */
type Meshes = readonly [Mesh, Mesh];

/** One view: how its camera moved, and how a mesh moves with it. */
interface View {
  readonly camera: CameraFollower;
  readonly trajectory: Trajectory;
  readonly rigid: Mesh;
}

/**
 * Gives every pair of moving cameras its own geometry: the last one that the networks found, carried on by what each
 * camera has done since. A new geometry moves only what it says otherwise, over several pictures.
 */
export class GeometryFollower {
  readonly #views: readonly [View, View];
  #base: CanvasGeometry | undefined;
  #baseTimes: PairTimes = [0, 0];
  /** What was shown minus what the base says, for the same pair. */
  #offset: Meshes | undefined;
  #frames = 1;
  #framesLeft = 0;
  /** How fast the content goes on at the corners of the canvas, pixels a second. */
  #drift = new Float64Array(8);
  #shown: Meshes | undefined;
  #shownTimes: PairTimes = [0, 0];

  constructor(views: ViewSizes, grid: MeshGrid) {
    this.#views = [views.reference, views.target].map((size) => ({
      camera: new CameraFollower(size),
      trajectory: new Trajectory(grid, size),
      rigid: rigidMesh(grid, size),
    })) as unknown as [View, View];
  }

  /** Forgets geometry and pictures. */
  reset(): void {
    for (const { camera } of this.#views) camera.reset();
    this.#base = undefined;
    this.#drift = new Float64Array(8);
    this.#offset = undefined;
    this.#shown = undefined;
  }

  /** True when this picture was seen. */
  knows(view: 0 | 1, timeUs: number): boolean {
    return this.#views[view].camera.knows(timeUs);
  }

  /** Takes one picture of a view in. @param luma 0 … 255 of FOLLOW_SIZE */
  see(view: 0 | 1, luma: Float32Array, timeUs: number): void {
    this.#views[view].camera.see(luma, timeUs);
  }

  /**
   * The networks found a geometry.
   * @param times of the pair that it was found for
   * @param frames over which the difference to what is shown is given in
   * @returns false when that pair was not seen, so that the geometry cannot be carried on
   */
  rebase(geometry: CanvasGeometry, times: PairTimes, frames: number): boolean {
    this.#learnDrift(geometry, times);
    this.#base = geometry;
    this.#baseTimes = times;
    this.#offset = undefined;
    const now = this.#shown === undefined ? undefined : this.#carry(this.#shownTimes);
    if (this.#shown !== undefined && now !== undefined) {
      this.#offset = [minus(this.#shown[0], now[0]), minus(this.#shown[1], now[1])];
      this.#frames = frames;
      this.#framesLeft = frames;
    }
    const canCarry = this.#carry(times) !== undefined;
    if (!canCarry) this.#base = undefined;
    return canCarry;
  }

  /** The geometry of a pair, or undefined when there is none that can be carried on to it. */
  at(times: PairTimes): CanvasGeometry | undefined {
    const carried = this.#carry(times);
    if (this.#base === undefined || carried === undefined) {
      this.#shown = undefined;
      return undefined;
    }
    this.#framesLeft = Math.max(0, this.#framesLeft - 1);
    const share = this.#framesLeft / this.#frames;
    const offset = share === 0 ? undefined : this.#offset;
    this.#offset = offset;
    const shown: Meshes =
      offset === undefined ? carried : [plus(carried[0], offset[0], share), plus(carried[1], offset[1], share)];
    this.#shown = shown;
    this.#shownTimes = times;
    return { ...this.#base, reference: shown[0], target: shown[1] };
  }

  #carry(times: PairTimes): Meshes | undefined {
    const base = this.#base;
    if (base === undefined) return undefined;
    const reference = carryView(this.#views[0], base.reference, this.#baseTimes[0], times[0]);
    const target = carryView(this.#views[1], base.target, this.#baseTimes[1], times[1]);
    if (reference === undefined || target === undefined) return undefined;
    const { back, ownShare } = commonMotion(base, { reference, target });
    const sinceS = (times[0] - this.#baseTimes[0]) / 1e6;
    const there = multiply(driftAfter(this.#drift, base.canvas, sinceS), invert(back));
    const place = (own: Mesh, mesh: Mesh): Mesh => {
      const alike = applyAll(there, mesh);
      if (ownShare === 0) return alike;
      const apart = applyAll(multiply(there, back), own);
      return alike.map((value, index) => value + ownShare * (apart[index]! - value));
    };
    return [place(reference, base.reference), place(target, base.target)];
  }

  /** Learns how fast the networks let the content go on, which a pan is; a shake comes to nothing. */
  #learnDrift(geometry: CanvasGeometry, times: PairTimes): void {
    const sinceS = (times[0] - this.#baseTimes[0]) / 1e6;
    const expected = this.#carry(times);
    if (expected === undefined || !(sinceS > 0) || sinceS > LONGEST_GAP_S) {
      this.#drift = new Float64Array(8);
      return;
    }
    const after = { reference: geometry.reference, target: geometry.target };
    const { back } = commonMotion({ reference: expected[0], target: expected[1] }, after);
    const more = cornerOffsets(invert(back), geometry.canvas);
    this.#drift = this.#drift.map((value, index) => value + (DRIFT_GAIN * more[index]!) / sinceS);
  }
}

/** Where content has gone on over the canvas after so many seconds. @param drift of the canvas' corners, pixels a second */
function driftAfter(drift: Float64Array, canvas: Size, sinceS: number): Homography {
  const corners = viewCorners(canvas);
  return homographyFromCorners(
    corners,
    corners.map((value, index) => value + sinceS * drift[index]!),
  );
}

function carryView(
  { camera, trajectory, rigid }: View,
  mesh: Mesh,
  olderUs: number,
  newerUs: number,
): Mesh | undefined {
  const olderFromNewer = camera.motion(olderUs, newerUs);
  if (olderFromNewer === undefined) return undefined;
  const motion = applyAll(olderFromNewer, rigid).map((value, index) => value - rigid[index]!);
  return trajectory.transport(mesh, motion);
}

function minus(a: Mesh, b: Mesh): Mesh {
  return a.map((value, index) => value - b[index]!);
}

function plus(a: Mesh, b: Mesh, share: number): Mesh {
  return a.map((value, index) => value + share * b[index]!);
}
