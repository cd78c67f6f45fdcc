import type { BundleManifest } from '../contract/bundle-manifest.ts';
import type { Size } from '../contract/pixels.ts';
import type { PlaneGeometry } from '../contract/warp-state.ts';
import type { CameraMotions } from '../contract/worker-messages.ts';
import { commonMotion } from '../geometry/common-motion.ts';
import { applyAll } from '../geometry/homography.ts';
import { checkPair } from '../geometry/mesh-sanity.ts';
import { midPlaneMeshes, overlapShare, type PlaneMeshes } from '../geometry/mid-plane.ts';
import { AnchorFilter } from './anchor-filter.ts';
import { PanoramaSmoother } from './panorama-smoother.ts';
import type { NetworkSession } from './runtime/session.ts';
import type { SpatialNet } from './spatial-net.ts';
import type { TemporalNet } from './temporal-net.ts';
import { ViewTracker, type ViewStep } from './view-tracker.ts';

/** Without an accepted anchor for this long, a moving geometry is held. */
const TRUST_US = 2_000_000;

/** The three networks of a bundle, loaded. */
export interface Networks {
  readonly manifest: BundleManifest;
  readonly spatial: SpatialNet;
  readonly temporal: TemporalNet;
  readonly smooth: NetworkSession;
}

/** How often which network runs. */
export type PipelineCadence = 'live' | 'every-frame';

/** What the pipeline says of one pair. */
export interface PairResult {
  readonly geometry: PlaneGeometry | undefined;
  readonly confidence: number;
  /** Why there is no geometry, in plain words; empty when there is one. */
  readonly reason: string;
  readonly jumped: boolean;
  /** True when a camera moved since the last pair. */
  readonly isMoving: boolean;
  readonly networkMs: Readonly<Record<string, number>>;
}

interface Views {
  readonly reference: Size;
  readonly target: Size;
}

/**
 * From pairs of pictures to geometries: SpatialNet gives anchors, TemporalNet carries the meshes on in between, a
 * filter combines anchors over time, and SmoothNet takes the shake out of the panorama (models-default, section 12).
 */
export class WarpPipeline {
  readonly #networks: Networks;
  readonly #cadence: PipelineCadence;
  readonly #views: Views;
  readonly #filter: AnchorFilter;
  readonly #smoother: PanoramaSmoother;
  readonly #reference: ViewTracker;
  readonly #target: ViewTracker;
  #paths: PlaneMeshes | undefined;
  #confidence = 0;
  #overlap = 0;
  #reason = 'the first pictures are being compared';
  #lastUs: number | undefined;
  #lastAnchorUs: number | undefined;
  #acceptedUs: number | undefined;
  #networkMs: Record<string, number> = {};

  constructor(networks: Networks, views: Views, cadence: PipelineCadence) {
    const { manifest } = networks;
    const network = { widthPx: manifest.input.width, heightPx: manifest.input.height };
    this.#networks = networks;
    this.#cadence = cadence;
    this.#views = views;
    this.#filter = new AnchorFilter(views.reference.widthPx, cadence === 'live');
    this.#smoother = new PanoramaSmoother(networks.smooth, manifest, views.reference.widthPx);
    this.#reference = new ViewTracker(networks.temporal, manifest.grid, views.reference, network);
    this.#target = new ViewTracker(networks.temporal, manifest.grid, views.target, network);
  }

  /**
   * Takes the next pair in.
   * @param reference, target luma 0 … 255 at the bundle's size; not kept
   * @param ptsUs rises from pair to pair; after a step back or a pause of seconds everything still counts
   * @param wantsAnchor run SpatialNet; a lost or new view gets it in any case
   * @param motions of the cameras since the pair before; TemporalNet finds those that are not known
   */
  async next(
    reference: Float32Array,
    target: Float32Array,
    ptsUs: number,
    wantsAnchor: boolean,
    motions: CameraMotions = [undefined, undefined],
  ): Promise<PairResult> {
    this.#networkMs = {};
    const sinceS = Math.min(5, Math.max(0, (ptsUs - (this.#lastUs ?? ptsUs)) / 1e6));
    this.#lastUs = ptsUs;
    const steps = await this.#track(reference, target, ptsUs, motions);
    const jumped = steps.some(({ kind }) => kind === 'lost');
    const isStill = steps.every(({ kind }) => kind === 'still');
    const isNew = this.#filter.shown === undefined;
    const before = this.#filter.carried;
    if (jumped) this.#filter.jump();
    const carried = jumped || isStill || before === undefined ? before : this.#carry(before, steps);
    const mustAnchor = wantsAnchor || jumped || this.#cadence === 'every-frame' || isNew;
    if (mustAnchor) await this.#anchor(reference, target, ptsUs, isStill);
    this.#filter.advance(isStill, sinceS);
    const shown = this.#filter.shown;
    this.#followPath(carried, shown);
    const result = await this.#result(shown, ptsUs);
    return { ...result, jumped: jumped || this.#filter.isWaiting, isMoving: !isStill };
  }

  /** Forgets window and anchors. */
  reset(): void {
    this.#filter.reset();
    this.#smoother.reset();
    this.#reference.reset();
    this.#target.reset();
    this.#paths = undefined;
    this.#acceptedUs = undefined;
    this.#lastAnchorUs = undefined;
    this.#lastUs = undefined;
  }

  async #track(
    reference: Float32Array,
    target: Float32Array,
    ptsUs: number,
    motions: CameraMotions,
  ): Promise<readonly [ViewStep, ViewStep]> {
    const startedMs = performance.now();
    const runsBefore = this.#reference.runs + this.#target.runs;
    const steps = [
      await this.#reference.step(reference, ptsUs, motions[0]),
      await this.#target.step(target, ptsUs, motions[1]),
    ] as const;
    this.#networkMs['track'] = performance.now() - startedMs;
    if (this.#reference.runs + this.#target.runs > runsBefore)
      this.#networkMs['temporal'] = this.#networks.temporal.lastMs;
    return steps;
  }

  /**
   * Carries the meshes along with the cameras, and then both together back to where a pair lies on its own middle
   * plane: what both cameras do in common is the panorama's path, only their difference changes the alignment, and only when
   * it is more than the error of two measured motions.
   * @returns where the content of each control point was drawn before
   */
  #carry(before: PlaneMeshes, steps: readonly [ViewStep, ViewStep]): PlaneMeshes {
    const carry = (meshes: PlaneMeshes): PlaneMeshes => ({
      reference: carryView(this.#reference, meshes.reference, steps[0]),
      target: carryView(this.#target, meshes.target, steps[1]),
    });
    const drawn = carry(before);
    const { back, ownShare } = commonMotion(before, drawn);
    if (ownShare > 0) {
      this.#filter.transport((meshes) => {
        const moved = carry(meshes);
        return {
          reference: toward(meshes.reference, applyAll(back, moved.reference), ownShare),
          target: toward(meshes.target, applyAll(back, moved.target), ownShare),
        };
      });
    }
    return drawn;
  }

  async #anchor(reference: Float32Array, target: Float32Array, ptsUs: number, isStill: boolean): Promise<void> {
    const { spatial, manifest } = this.#networks;
    const { alignment, confidence } = await spatial.run(reference, target, this.#views);
    this.#networkMs['spatial'] = spatial.lastMs;
    const sinceS = (ptsUs - (this.#lastAnchorUs ?? ptsUs)) / 1e6;
    this.#lastAnchorUs = ptsUs;
    this.#confidence = Number.isFinite(confidence) ? Math.min(1, Math.max(0, confidence)) : 0;
    const overlap = overlapShare(alignment);
    const refusal = refuse(this.#confidence, overlap, manifest.thresholds) ?? this.#place(alignment, isStill, sinceS);
    if (refusal !== undefined) {
      this.#reason = refusal;
      return;
    }
    this.#overlap = overlap;
    this.#acceptedUs = ptsUs;
    this.#reason = 'a second comparison has to agree with the first';
  }

  /** Hands an alignment to the filter. @returns why it cannot be used, or undefined */
  #place(alignment: Parameters<typeof midPlaneMeshes>[0], isStill: boolean, sinceS: number): string | undefined {
    let meshes: PlaneMeshes;
    try {
      meshes = midPlaneMeshes(alignment);
    } catch (error) {
      if (error instanceof RangeError) return `the alignment cannot be drawn: ${error.message}`;
      throw error;
    }
    const reason = checkPair(meshes, alignment.grid, this.#views);
    if (reason !== undefined) return reason;
    this.#filter.anchor(meshes, isStill, sinceS);
    return undefined;
  }

  /** Adds this step to the paths: where content is drawn now, minus where it was drawn before. */
  #followPath(carried: PlaneMeshes | undefined, shown: PlaneMeshes | undefined): void {
    if (shown === undefined) return;
    if (this.#paths === undefined || carried === undefined) {
      this.#paths = shown;
      return;
    }
    this.#paths = {
      reference: follow(this.#paths.reference, shown.reference, carried.reference),
      target: follow(this.#paths.target, shown.target, carried.target),
    };
  }

  async #result(shown: PlaneMeshes | undefined, ptsUs: number): Promise<Omit<PairResult, 'jumped' | 'isMoving'>> {
    const confidence = this.#confidence;
    const isTrusted = this.#acceptedUs !== undefined && ptsUs - this.#acceptedUs <= TRUST_US;
    if (shown === undefined || this.#paths === undefined || (!isTrusted && this.#reason !== '')) {
      return { geometry: undefined, confidence, reason: this.#reason, networkMs: this.#networkMs };
    }
    const smoothed = await this.#smoother.smooth(shown, this.#paths);
    this.#networkMs['smooth'] = this.#smoother.lastMs;
    const geometry = {
      grid: this.#networks.manifest.grid,
      reference: smoothed.reference,
      target: smoothed.target,
      rawReference: shown.reference,
      rawTarget: shown.target,
      confidence,
      overlap: this.#overlap,
    };
    return { geometry, confidence, reason: '', networkMs: this.#networkMs };
  }
}

/** A mesh carried along with its camera. */
function carryView(tracker: ViewTracker, mesh: Float64Array, step: ViewStep): Float64Array {
  return step.kind === 'moved' ? tracker.trajectory.transport(mesh, step.motion) : mesh;
}

/** A path after one more step. */
function follow(path: Float64Array, now: Float64Array, then: Float64Array): Float64Array {
  return path.map((value, index) => value + now[index]! - then[index]!);
}

/** Part of the way from one mesh to another. */
function toward(from: Float64Array, to: Float64Array, share: number): Float64Array {
  return from.map((value, index) => value + share * (to[index]! - value));
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Why a comparison does not count, in plain words that say what to do. */
function refuse(confidence: number, overlap: number, thresholds: BundleManifest['thresholds']): string | undefined {
  if (confidence < thresholds.confidence) {
    return `the two views could not be brought together (confidence ${percent(confidence)}): turn a camera towards what the other sees, keep things close in front of them out of the overlap, or wait for light`;
  }
  if (overlap < thresholds.overlap) return `overlap ${percent(overlap)}: turn a camera`;
  return undefined;
}
