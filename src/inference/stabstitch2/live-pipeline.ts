import type { Size } from '../../contract/pixels.ts';
import { applyAll } from '../../geometry/homography.ts';
import { fitHomography } from '../../geometry/homography-fit.ts';
import type { PlaneMeshes } from '../../geometry/mid-plane.ts';
import { Trajectory } from '../../geometry/trajectory.ts';
import { AnchorFilter } from '../anchor-filter.ts';
import { CameraTracker, type CameraStep } from './camera-tracker.ts';
import { runSmooth, runSpatial, type StabStitch2Networks } from './networks.ts';
import { OnlineWindow, stepOf, subtractDeltas } from './online-window.ts';
import { pairMeshes, type SpatialOffsets } from './pair-meshes.ts';

/** Seconds between two pairs that still count one by one. */
const LONGEST_STEP_S = 5;

/** What there is to show after a pair; pixels of the working size. */
export interface LiveFrame {
  /** Before and after smoothing; undefined before two comparisons agreed. */
  readonly meshes: { readonly raw: PlaneMeshes; readonly smoothed: PlaneMeshes } | undefined;
  /** A camera was lost, or a comparison waits for a second one: compare the views again at once. */
  readonly isUrgent: boolean;
  /** A camera moved since the pair before. */
  readonly isMoving: boolean;
  /** Milliseconds of each network, as far as it ran. */
  readonly networkMs: Readonly<Record<string, number>>;
}

/**
 * StabStitch++ where there is no time for every frame, in the way of the default bundle: SpatialNet compares the views
 * now and then and a filter combines what it says over time, TemporalNet carries the meshes on while a camera moves, and
 * SmoothNet's window holds the pairs that were looked at.
 */
export class LivePipeline {
  readonly #networks: StabStitch2Networks;
  readonly #size: Size;
  readonly #window: OnlineWindow;
  readonly #trajectory: Trajectory;
  readonly #filter: AnchorFilter;
  readonly #reference: CameraTracker;
  readonly #target: CameraTracker;
  readonly #accept: (offsets: SpatialOffsets, meshes: PlaneMeshes) => boolean;
  #lastUs: number | undefined;
  #lastComparisonUs: number | undefined;

  /** @param accept whether a comparison counts */
  constructor(networks: StabStitch2Networks, accept: (offsets: SpatialOffsets, meshes: PlaneMeshes) => boolean) {
    const { input, grid, window } = networks.manifest;
    this.#networks = networks;
    this.#size = { widthPx: input.width, heightPx: input.height };
    this.#window = new OnlineWindow(window);
    this.#trajectory = new Trajectory(grid, this.#size);
    this.#filter = new AnchorFilter(input.width, true);
    this.#reference = new CameraTracker(networks);
    this.#target = new CameraTracker(networks);
    this.#accept = accept;
  }

  /**
   * Takes the next pair in.
   * @param reference, target 3×H×W, blue first, normalised as the manifest says
   * @param wantsComparison run SpatialNet; in any case for the first pair and after a camera was lost
   * @throws RangeError when the networks' answer cannot be drawn; SeamlineError `inference-failed`
   */
  async next(
    reference: Float32Array,
    target: Float32Array,
    ptsUs: number,
    wantsComparison: boolean,
  ): Promise<LiveFrame> {
    const networkMs: Record<string, number> = {};
    const sinceS = seconds(this.#lastUs, ptsUs);
    this.#lastUs = ptsUs;
    const steps = [await this.#track(0, reference, ptsUs, networkMs), await this.#track(1, target, ptsUs, networkMs)];
    const isLost = steps.some(({ kind }) => kind === 'lost');
    const isStill = steps.every(({ kind }) => kind === 'still');
    const before = this.#filter.shown;
    if (isLost) this.#filter.jump();
    const drawn = isLost || isStill || before === undefined ? before : this.#carry(before, steps);
    if (wantsComparison || isLost || before === undefined) {
      await this.#compare(reference, target, ptsUs, isStill, networkMs);
    }
    this.#filter.advance(isStill, sinceS);
    const raw = this.#filter.shown;
    const meshes = raw && { raw, smoothed: await this.#smooth(raw, drawn, networkMs) };
    return { meshes, isUrgent: isLost || this.#filter.isWaiting, isMoving: !isStill, networkMs };
  }

  /** Forgets window, pictures and alignment. */
  reset(): void {
    this.#window.reset();
    this.#filter.reset();
    this.#reference.reset();
    this.#target.reset();
    this.#lastUs = undefined;
    this.#lastComparisonUs = undefined;
  }

  async #track(
    view: 0 | 1,
    image: Float32Array,
    ptsUs: number,
    networkMs: Record<string, number>,
  ): Promise<CameraStep> {
    const startedMs = performance.now();
    const step = await (view === 0 ? this.#reference : this.#target).step(image, ptsUs);
    networkMs['track'] = (networkMs['track'] ?? 0) + performance.now() - startedMs;
    if (step.kind !== 'still') networkMs['temporal'] = (networkMs['temporal'] ?? 0) + this.#networks.temporal.lastMs;
    return step;
  }

  /**
   * Carries the meshes along with the cameras, and both together back to where they were: what both cameras do in
   * common is the panorama's motion, only their difference changes the alignment.
   * @returns where the content of each control point was drawn before
   */
  #carry(before: PlaneMeshes, [reference, target]: readonly CameraStep[]): PlaneMeshes {
    const carry = (meshes: PlaneMeshes): PlaneMeshes => ({
      reference:
        reference?.kind === 'moved' ? this.#trajectory.transport(meshes.reference, reference.motion) : meshes.reference,
      target: target?.kind === 'moved' ? this.#trajectory.transport(meshes.target, target.motion) : meshes.target,
    });
    const drawn = carry(before);
    const back = fitHomography(joined(drawn), joined(before));
    this.#filter.transport((meshes) => {
      const moved = carry(meshes);
      return { reference: applyAll(back, moved.reference), target: applyAll(back, moved.target) };
    });
    return drawn;
  }

  async #compare(
    reference: Float32Array,
    target: Float32Array,
    ptsUs: number,
    isStill: boolean,
    networkMs: Record<string, number>,
  ): Promise<void> {
    const offsets = await runSpatial(this.#networks, reference, target);
    networkMs['spatial'] = this.#networks.spatial.lastMs;
    const sinceS = seconds(this.#lastComparisonUs, ptsUs);
    this.#lastComparisonUs = ptsUs;
    const meshes = pairMeshes(offsets, this.#networks.manifest.grid, this.#size);
    if (this.#accept(offsets, meshes)) this.#filter.anchor(meshes, isStill, sinceS);
  }

  async #smooth(
    meshes: PlaneMeshes,
    drawn: PlaneMeshes | undefined,
    networkMs: Record<string, number>,
  ): Promise<PlaneMeshes> {
    const motions = {
      reference: stepOf(drawn?.reference, meshes.reference),
      target: stepOf(drawn?.target, meshes.target),
    };
    this.#window.push({ meshes, motions });
    if (!this.#window.isFull) return meshes;
    const last = this.#window.frames.length - 1;
    const deltas = await runSmooth(this.#networks, this.#window.inputs(), last);
    networkMs['smooth'] = this.#networks.smooth.lastMs;
    return subtractDeltas(meshes, deltas, last);
  }
}

function seconds(fromUs: number | undefined, toUs: number): number {
  return Math.min(LONGEST_STEP_S, Math.max(0, (toUs - (fromUs ?? toUs)) / 1e6));
}

function joined({ reference, target }: PlaneMeshes): Float64Array {
  return Float64Array.of(...reference, ...target);
}
