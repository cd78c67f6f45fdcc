import type { BundleManifest } from '../../contract/bundle-manifest.ts';
import type { Size } from '../../contract/pixels.ts';
import { homographyFromCorners, viewCorners } from '../../geometry/homography.ts';
import { checkPair } from '../../geometry/mesh-sanity.ts';
import { overlapShare, type PlaneMeshes } from '../../geometry/mid-plane.ts';
import type { SpatialOffsets } from './pair-meshes.ts';
import { viewAgreement } from './view-agreement.ts';

/** What speaks for and against a comparison. */
export interface Verdict {
  /** How far the views agree in brightness where they overlap, 0 … 1. */
  readonly confidence: number;
  /** Share of the reference view, 0 … 1. */
  readonly overlap: number;
  /** Why the comparison does not count, in plain words; empty when it does. */
  readonly reason: string;
}

/** Says whether a comparison of an imported bundle counts, since the networks themselves do not say how sure they are. */
export class PairJudge {
  readonly #manifest: BundleManifest;
  readonly #size: Size;

  constructor(manifest: BundleManifest) {
    this.#manifest = manifest;
    this.#size = { widthPx: manifest.input.width, heightPx: manifest.input.height };
  }

  /** @param reference, target the pictures that were compared, 3×H×W @param meshes pixels of the working size */
  judge(offsets: SpatialOffsets, meshes: PlaneMeshes, reference: Float32Array, target: Float32Array): Verdict {
    const { grid, thresholds } = this.#manifest;
    const size = this.#size;
    const corners = viewCorners(size);
    const moved = corners.map((value, index) => value + offsets.homographyOffsets[index]!);
    const targetFromReference = homographyFromCorners(corners, moved);
    const residual = new Float64Array((grid.rows + 1) * (grid.cols + 1) * 2);
    const overlap = overlapShare({ targetFromReference, residual, grid, reference: size, target: size });
    // Green, the second plane in either order, is nearest to brightness.
    const plane = size.widthPx * size.heightPx;
    const [one, two] = [reference.subarray(plane, 2 * plane), target.subarray(plane, 2 * plane)];
    const confidence = viewAgreement(one, two, size, targetFromReference);
    const reason =
      confidence < thresholds.confidence
        ? `the two views do not agree where they were aligned (${percent(confidence)}): turn a camera towards what the other sees, or wait for light`
        : overlap < thresholds.overlap
          ? `overlap ${percent(overlap)}: turn a camera`
          : (checkPair(meshes, grid, { reference: size, target: size }) ?? '');
    return { confidence, overlap, reason };
  }
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;
