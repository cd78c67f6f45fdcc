import type { CanvasGeometry, Mesh, MeshGrid } from '../contract/warp-state.ts';
import type { ViewSizes } from '../geometry/canvas.ts';
import { CanvasPath } from '../geometry/canvas-path.ts';
import { commonMotion } from '../geometry/common-motion.ts';
import type { PlaneMeshes } from '../geometry/mid-plane.ts';
import { applyAll, IDENTITY, invert, multiply, type Homography } from '../geometry/homography.ts';
import { rigidMesh } from '../geometry/rigid-mesh.ts';
import { Trajectory } from '../geometry/trajectory.ts';
import { CameraFollower } from '../inference/camera-follower.ts';

/** Names the two pictures of a pair by their capture times, µs: the reference's and the target's. */
export type PairTimes = readonly [number, number];

/** Pictures over which a new geometry is given in at least: one that comes with each picture is averaged so. */
const LEAST_FRAMES = 3;

/** One mesh a view. */
type Meshes = readonly [Mesh, Mesh];

/** One view: how its camera moved, and how a mesh moves with it. */
interface View {
  readonly camera: CameraFollower;
  readonly trajectory: Trajectory;
  readonly rigid: Mesh;
}

/** One pair as the base would have it drawn. */
interface Carried {
  readonly meshes: Meshes;
  /** Where the content of the base's pair has gone on the canvas since. */
  readonly gone: Homography;
}

/**
 * Gives every pair of moving cameras its own geometry: the last one that the networks found, carried on by what each
 * camera has done since. A new geometry moves only what it says otherwise, over several pictures. What both cameras do
 * in common is the path of the panorama; it is smoothed here, where every pair is known.
 */
export class GeometryFollower {
  readonly #views: readonly [View, View];
  #base: CanvasGeometry | undefined;
  #baseTimes: PairTimes = [0, 0];
  /** What was drawn minus what the base says, for the same pair. */
  #offset: Meshes | undefined;
  #frames = 1;
  #framesLeft = 0;
  #path: CanvasPath | undefined;
  /** The last pair: before and after the shake was taken out. */
  #drawn: Carried | undefined;
  #shown: Meshes | undefined;
  #shownTimes: PairTimes = [0, 0];
  /** Neither camera has moved since the base: it holds for every pair. */
  #isAtRest = true;

  constructor(views: ViewSizes, grid: MeshGrid) {
    this.#views = [views.reference, views.target].map((size) => ({
      camera: new CameraFollower(size),
      trajectory: new Trajectory(grid, size),
      rigid: rigidMesh(grid, size),
    })) as unknown as [View, View];
  }

  /** True when this picture was seen. */
  knows(view: 0 | 1, timeUs: number): boolean {
    return this.#views[view].camera.knows(timeUs);
  }

  /** Takes one picture of a view in. @param luma 0 … 255 of FOLLOW_SIZE */
  see(view: 0 | 1, luma: Float32Array, timeUs: number): void {
    this.#views[view].camera.see(luma, timeUs);
  }

  /** The same of a camera that stood still until now. @returns true when it has moved */
  watch(view: 0 | 1, luma: Float32Array, timeUs: number): boolean {
    return this.#views[view].camera.watch(luma, timeUs);
  }

  /** What a camera has done between two pictures: older ← newer, pixels of the view; undefined when that is not known well. */
  motion(view: 0 | 1, olderUs: number, newerUs: number): Homography | undefined {
    const { camera } = this.#views[view];
    return camera.trust(olderUs, newerUs) < 1 ? undefined : camera.motion(olderUs, newerUs);
  }

  /** No camera has moved up to this pair: the geometry stays, and is carried on from here when one moves. */
  rest(times: PairTimes): void {
    if (this.#base === undefined) return;
    if (!this.#isAtRest && this.#shown !== undefined) {
      this.#base = { ...this.#base, reference: this.#shown[0], target: this.#shown[1] };
      this.#offset = undefined;
    }
    this.#isAtRest = true;
    this.#path = undefined;
    this.#baseTimes = times;
    this.#draw({ meshes: [this.#base.reference, this.#base.target], gone: IDENTITY }, times);
    this.#shown = this.#drawn?.meshes;
  }

  /**
   * The networks found a geometry.
   * @param times of the pair that it was found for
   * @param frames over which the difference to what is shown is given in
   * @returns false when that pair was not seen: as long as a camera moves, the geometry cannot be carried on then
   */
  rebase(geometry: CanvasGeometry, times: PairTimes, frames: number): boolean {
    // While a camera moves the path is smoothed here; at rest the picture is the networks' own.
    const { rawReference, rawTarget } = geometry;
    this.#base = this.#isAtRest ? geometry : { ...geometry, reference: rawReference, target: rawTarget };
    // At rest all pairs are alike, and the one that was asked about may be forgotten.
    this.#baseTimes = this.#isAtRest && this.#drawn !== undefined ? this.#shownTimes : times;
    this.#offset = undefined;
    const now = this.#drawn === undefined ? undefined : this.#carry(this.#shownTimes);
    if (this.#drawn !== undefined && now !== undefined) {
      const before = this.#drawn.meshes;
      const kept = this.#path === undefined ? before : this.#moveAlike(this.#path, before, now.meshes);
      this.#offset = [minus(kept[0], now.meshes[0]), minus(kept[1], now.meshes[1])];
      this.#drawn = { meshes: kept, gone: now.gone };
      this.#frames = this.#isAtRest ? frames : Math.max(LEAST_FRAMES, frames);
      this.#framesLeft = this.#frames;
    }
    const canCarry = this.#carry(times) !== undefined;
    if (!canCarry && !this.#isAtRest) this.#base = undefined;
    return canCarry;
  }

  /**
   * Where a new geometry has both views elsewhere alike, nothing is out of line: that part is left to the path, which
   * takes its time. @returns what was drawn, moved by that part
   */
  #moveAlike(path: CanvasPath, before: Meshes, now: Meshes): Meshes {
    const pair = ([reference, target]: Meshes): PlaneMeshes => ({ reference, target });
    const { back } = commonMotion(pair(before), pair(now));
    const there = invert(back);
    path.move(there);
    return [applyAll(there, before[0]), applyAll(there, before[1])];
  }

  /** The geometry of a pair of moving cameras, or undefined when there is none that can be carried on to it. */
  at(times: PairTimes): CanvasGeometry | undefined {
    const carried = this.#carry(times);
    this.#isAtRest = false;
    if (this.#base === undefined || carried === undefined) {
      this.#drawn = undefined;
      this.#shown = undefined;
      this.#path = undefined;
      return undefined;
    }
    // Without a pair before, the content passed until now: what is shown goes on from where it is.
    const [before, beforeUs] = [this.#drawn?.gone, this.#shownTimes[0]];
    const drawn = this.#draw(carried, times);
    this.#path ??= new CanvasPath(this.#base.canvas);
    const step = before === undefined ? IDENTITY : multiply(drawn.gone, invert(before));
    const shownFromDrawn = this.#path.next(step, Math.max(0, times[0] - beforeUs) / 1e6);
    const [reference, target] = drawn.meshes.map((mesh) => applyAll(shownFromDrawn, mesh)) as [Mesh, Mesh];
    this.#shown = [reference, target];
    return { ...this.#base, reference, target };
  }

  /** Gives in one more part of what the last geometry says otherwise. */
  #draw({ meshes, gone }: Carried, times: PairTimes): Carried {
    this.#framesLeft = Math.max(0, this.#framesLeft - 1);
    const share = this.#framesLeft / this.#frames;
    const offset = share === 0 ? undefined : this.#offset;
    this.#offset = offset;
    this.#shownTimes = times;
    const mixed: Meshes =
      offset === undefined ? meshes : [plus(meshes[0], offset[0], share), plus(meshes[1], offset[1], share)];
    this.#drawn = { meshes: mixed, gone };
    return this.#drawn;
  }

  /**
   * A pair as the base would have it drawn: what both cameras did in common leaves the views where they are and lets
   * the content pass; only what each did by itself changes the alignment.
   */
  #carry(times: PairTimes): Carried | undefined {
    const base = this.#base;
    if (base === undefined) return undefined;
    const reference = carryView(this.#views[0], base.reference, this.#baseTimes[0], times[0]);
    const target = carryView(this.#views[1], base.target, this.#baseTimes[1], times[1]);
    if (reference === undefined || target === undefined) return undefined;
    const { back, ownShare: wanted } = commonMotion(base, { reference, target });
    const trusts = this.#views.map(({ camera }, view) => camera.trust(this.#baseTimes[view]!, times[view]!));
    const ownShare = wanted * Math.min(...trusts);
    const place = (own: Mesh, mesh: Mesh): Mesh => {
      if (ownShare === 0) return mesh;
      const apart = applyAll(back, own);
      return mesh.map((value, index) => value + ownShare * (apart[index]! - value));
    };
    return { meshes: [place(reference, base.reference), place(target, base.target)], gone: back };
  }
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
