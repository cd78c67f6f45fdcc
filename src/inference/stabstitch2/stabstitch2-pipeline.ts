import type { Size } from '../../contract/pixels.ts';
import type { Mesh, PlaneGeometry } from '../../contract/warp-state.ts';
import { checkPair } from '../../geometry/mesh-sanity.ts';
import type { PlaneMeshes } from '../../geometry/mid-plane.ts';
import type { PairResult, PipelineCadence } from '../warp-pipeline.ts';
import { longest, MOVED_PX } from './camera-tracker.ts';
import { ExactPipeline } from './exact-pipeline.ts';
import { LivePipeline } from './live-pipeline.ts';
import type { StabStitch2Networks } from './networks.ts';
import type { SpatialOffsets } from './pair-meshes.ts';
import { PairJudge, type Verdict } from './pair-judge.ts';

/** Comparisons in a row that must fail before an alignment is no longer carried on. */
const FAILURES = 2;

interface Views {
  readonly reference: Size;
  readonly target: Size;
}

/** What a cadence's pipeline has to show, pixels of the working size. */
interface Shown {
  readonly meshes: { readonly raw: PlaneMeshes; readonly smoothed: PlaneMeshes } | undefined;
  readonly isUrgent: boolean;
  readonly isMoving: boolean;
  readonly networkMs: Readonly<Record<string, number>>;
}

/** From pairs of pictures to geometries with an imported bundle; takes and gives what the default pipeline does. */
export class StabStitch2Pipeline {
  readonly #networks: StabStitch2Networks;
  readonly #views: Views;
  readonly #exact: ExactPipeline | undefined;
  readonly #live: LivePipeline;
  readonly #judge: PairJudge;
  #pictures: readonly [Float32Array, Float32Array] | undefined;
  #verdict: Verdict = { confidence: 0, overlap: 0, reason: 'the first pictures are being compared' };
  /** Of the last comparison that counted. */
  #overlap = 0;
  #failures = 0;

  constructor(networks: StabStitch2Networks, views: Views, cadence: PipelineCadence) {
    this.#networks = networks;
    this.#views = views;
    this.#exact = cadence === 'every-frame' ? new ExactPipeline(networks) : undefined;
    this.#live = new LivePipeline(networks, (offsets, meshes) => this.#accept(offsets, meshes));
    this.#judge = new PairJudge(networks.manifest);
  }

  /**
   * Takes the next pair in. With the cadence `every-frame` every network runs for it, as StabStitch++ does; frames
   * before the window is full are shown unsmoothed.
   * @param reference, target 3×H×W, blue first, normalised as the manifest says; not kept
   * @param wantsAnchor run SpatialNet; in any case for the first pair and after a jump
   */
  async next(reference: Float32Array, target: Float32Array, ptsUs: number, wantsAnchor: boolean): Promise<PairResult> {
    this.#pictures = [reference, target];
    let shown: Shown;
    try {
      shown =
        this.#exact === undefined
          ? await this.#live.next(reference, target, ptsUs, wantsAnchor)
          : await this.#every(this.#exact, reference, target);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#refuse(`the alignment cannot be drawn: ${error.message}`);
      shown = { meshes: undefined, isUrgent: false, isMoving: false, networkMs: {} };
    } finally {
      this.#pictures = undefined;
    }
    return this.#result(shown);
  }

  /** Forgets window and alignment. */
  reset(): void {
    this.#exact?.reset();
    this.#live.reset();
    this.#failures = 0;
  }

  async #every(pipeline: ExactPipeline, reference: Float32Array, target: Float32Array): Promise<Shown> {
    const { offsets, meshes, cameraMotions, settled, networkMs } = await pipeline.next(reference, target);
    const counts = this.#accept(offsets, meshes);
    const shown = counts ? { raw: meshes, smoothed: settled.at(-1) ?? meshes } : undefined;
    return {
      meshes: shown,
      isUrgent: false,
      isMoving: isMotion(cameraMotions.reference, cameraMotions.target),
      networkMs,
    };
  }

  #accept(offsets: SpatialOffsets, meshes: PlaneMeshes): boolean {
    const [reference, target] = this.#pictures!;
    this.#verdict = this.#judge.judge(offsets, meshes, reference, target);
    if (this.#verdict.reason !== '') {
      this.#failures += 1;
      return false;
    }
    this.#failures = 0;
    this.#overlap = this.#verdict.overlap;
    return true;
  }

  #refuse(reason: string): void {
    this.#failures += 1;
    this.#verdict = { ...this.#verdict, reason };
  }

  #result({ meshes, isUrgent, isMoving, networkMs }: Shown) {
    const { confidence, reason } = this.#verdict;
    const common = { confidence, jumped: isUrgent, isMoving, networkMs };
    if (meshes === undefined) {
      return { ...common, geometry: undefined, reason: reason || 'a second comparison has to agree with the first' };
    }
    if (this.#failures >= FAILURES) return { ...common, geometry: undefined, reason };
    const geometry = this.#geometry(meshes);
    const unfit = checkPair(geometry, geometry.grid, this.#views) ?? '';
    return { ...common, geometry: unfit === '' ? geometry : undefined, reason: unfit };
  }

  /** Meshes in the scale of the reference view. */
  #geometry({ raw, smoothed }: NonNullable<Shown['meshes']>): PlaneGeometry {
    const { grid, input } = this.#networks.manifest;
    const scale = [this.#views.reference.widthPx / input.width, this.#views.reference.heightPx / input.height];
    const scaled = (mesh: Float64Array): Float64Array => mesh.map((value, index) => value * scale[index % 2]!);
    return {
      grid,
      reference: scaled(smoothed.reference),
      target: scaled(smoothed.target),
      rawReference: scaled(raw.reference),
      rawTarget: scaled(raw.target),
      confidence: this.#verdict.confidence,
      overlap: this.#overlap,
    };
  }
}

function isMotion(...motions: readonly Mesh[]): boolean {
  return motions.some((motion) => longest(motion) > MOVED_PX);
}
