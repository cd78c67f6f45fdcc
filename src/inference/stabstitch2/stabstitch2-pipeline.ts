import type { Size } from '../../contract/pixels.ts';
import type { PlaneGeometry } from '../../contract/warp-state.ts';
import { homographyFromCorners, viewCorners } from '../../geometry/homography.ts';
import { checkPair } from '../../geometry/mesh-sanity.ts';
import { overlapShare, type PlaneMeshes } from '../../geometry/mid-plane.ts';
import type { PairResult, PipelineCadence } from '../warp-pipeline.ts';
import { ExactPipeline, type ExactFrame, type StabStitch2Networks } from './exact-pipeline.ts';
import { viewAgreement } from './view-agreement.ts';

/** TemporalNet compares cells of eight pixels with their neighbours up to three cells away. */
const LONGEST_MOTION_PX = 24;

/** From pairs of pictures to geometries with an imported bundle; takes and gives what the default pipeline does. */
export class StabStitch2Pipeline {
  readonly #pipeline: ExactPipeline;
  readonly #networks: StabStitch2Networks;
  readonly #size: Size;
  readonly #views: { readonly reference: Size; readonly target: Size };
  readonly #cadence: PipelineCadence;
  #confidence = 0;
  #overlap = 0;
  #mustAlign = true;

  constructor(
    networks: StabStitch2Networks,
    views: { readonly reference: Size; readonly target: Size },
    cadence: PipelineCadence,
  ) {
    const { input } = networks.manifest;
    this.#pipeline = new ExactPipeline(networks);
    this.#networks = networks;
    this.#size = { widthPx: input.width, heightPx: input.height };
    this.#views = views;
    this.#cadence = cadence;
  }

  /**
   * Takes the next pair in. With the cadence `every-frame` every network runs for it, as StabStitch++ does; frames
   * before the window is full are shown unsmoothed.
   * @param reference, target 3×H×W, blue first, normalised as the manifest says
   * @param wantsAnchor run SpatialNet; in any case for the first pair and after a jump
   */
  async next(reference: Float32Array, target: Float32Array, _ptsUs: number, wantsAnchor: boolean): Promise<PairResult> {
    const align = wantsAnchor || this.#mustAlign || this.#cadence === 'every-frame';
    let frame: ExactFrame;
    try {
      frame = await this.#pipeline.next(reference, target, align);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#mustAlign = true;
      return this.#without(`the alignment cannot be drawn: ${error.message}`);
    }
    if (frame.offsets !== undefined) this.#judge(frame.offsets.homographyOffsets, reference, target);
    const jumped = longest(frame.cameraMotions) > LONGEST_MOTION_PX;
    this.#mustAlign = jumped && !align;
    const geometry = this.#geometry(frame);
    const reason = this.#refusal(geometry);
    const { networkMs } = frame;
    if (reason !== undefined) return { ...this.#without(reason), jumped, networkMs };
    return { geometry, confidence: this.#confidence, reason: '', jumped, networkMs };
  }

  /** Forgets window and alignment. */
  reset(): void {
    this.#pipeline.reset();
    this.#mustAlign = true;
  }

  #without(reason: string): PairResult {
    return { geometry: undefined, confidence: this.#confidence, reason, jumped: false, networkMs: {} };
  }

  #judge(offsets: Float32Array, reference: Float32Array, target: Float32Array): void {
    const corners = viewCorners(this.#size);
    const moved = corners.map((value, index) => value + offsets[index]!);
    const targetFromReference = homographyFromCorners(corners, moved);
    const { grid } = this.#networks.manifest;
    const residual = new Float64Array((grid.rows + 1) * (grid.cols + 1) * 2);
    this.#overlap = overlapShare({ targetFromReference, residual, grid, reference: this.#size, target: this.#size });
    // Green, the second plane in either order, is nearest to brightness.
    const plane = this.#size.widthPx * this.#size.heightPx;
    const [one, two] = [reference.subarray(plane, 2 * plane), target.subarray(plane, 2 * plane)];
    this.#confidence = viewAgreement(one, two, this.#size, targetFromReference);
  }

  /** Meshes in the scale of the reference view. */
  #geometry(frame: ExactFrame): PlaneGeometry {
    const raw = this.#toReference(frame.meshes);
    const smoothed = frame.settled.at(-1);
    const shown = smoothed === undefined ? raw : this.#toReference(smoothed);
    return {
      grid: this.#networks.manifest.grid,
      reference: shown.reference,
      target: shown.target,
      rawReference: raw.reference,
      rawTarget: raw.target,
      confidence: this.#confidence,
      overlap: this.#overlap,
    };
  }

  #toReference({ reference, target }: PlaneMeshes): PlaneMeshes {
    const scale = [
      this.#views.reference.widthPx / this.#size.widthPx,
      this.#views.reference.heightPx / this.#size.heightPx,
    ];
    const scaled = (mesh: Float64Array): Float64Array => mesh.map((value, index) => value * scale[index % 2]!);
    return { reference: scaled(reference), target: scaled(target) };
  }

  #refusal(geometry: PlaneGeometry): string | undefined {
    const { thresholds } = this.#networks.manifest;
    if (geometry.confidence < thresholds.confidence) {
      return 'nothing in common was found in the two views: turn a camera towards what the other sees, or wait for light';
    }
    if (geometry.overlap < thresholds.overlap) return `overlap ${Math.round(100 * geometry.overlap)} %: turn a camera`;
    return checkPair(geometry, geometry.grid, this.#views);
  }
}

function longest({ reference, target }: PlaneMeshes): number {
  let length = 0;
  for (const motion of [reference, target]) {
    for (let at = 0; at < motion.length; at += 2) length = Math.max(length, Math.hypot(motion[at]!, motion[at + 1]!));
  }
  return length;
}
