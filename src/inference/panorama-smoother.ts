import type { BundleManifest } from '../contract/bundle-manifest.ts';
import { CanvasField } from '../geometry/canvas-field.ts';
import type { PlaneMeshes } from '../geometry/mid-plane.ts';
import type { NetworkSession } from './runtime/session.ts';
import { SmoothNet } from './smooth-net.ts';

/** A correction is at most this share of the reference's width: beyond it the picture would leave its canvas. */
const MAX_CORRECTION_SHARE = 0.08;

/** Takes the shake out of the panorama as a whole, so that the views stay together (models-default, section 12.3). */
export class PanoramaSmoother {
  readonly #reference: SmoothNet;
  readonly #target: SmoothNet;
  readonly #limitPx: number;

  /** @param widthPx of the reference view, whose scale the meshes have */
  constructor(session: NetworkSession, manifest: BundleManifest, widthPx: number) {
    this.#reference = new SmoothNet(session, manifest, manifest.input.width / widthPx);
    this.#target = new SmoothNet(session, manifest, manifest.input.width / widthPx);
    this.#limitPx = MAX_CORRECTION_SHARE * widthPx;
  }

  get lastMs(): number {
    return this.#reference.lastMs + this.#target.lastMs;
  }

  /** Forgets both paths. */
  reset(): void {
    this.#reference.reset();
    this.#target.reset();
  }

  /**
   * @param meshes of this instant on the common plane, pixels
   * @param paths where the content of each control point has been going, pixels from any origin
   * @returns the meshes to show
   */
  async smooth(meshes: PlaneMeshes, paths: PlaneMeshes): Promise<PlaneMeshes> {
    const reference = await this.#reference.correction(paths.reference);
    const target = await this.#target.correction(paths.target);
    const corrections = join(reference, target);
    limit(corrections, this.#limitPx);
    // A panorama at rest needs no field, and must stay as it is to the last bit.
    if (corrections.every((value) => Math.abs(value) < 1e-3)) return meshes;
    const field = new CanvasField(join(meshes.reference, meshes.target), corrections);
    return { reference: field.move(meshes.reference), target: field.move(meshes.target) };
  }
}

function join(a: Float64Array, b: Float64Array): Float64Array {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Shortens all corrections together when their mean is too long. */
function limit(corrections: Float64Array, limitPx: number): void {
  let [x, y] = [0, 0];
  for (let at = 0; at < corrections.length; at += 2) {
    x += (2 * corrections[at]!) / corrections.length;
    y += (2 * corrections[at + 1]!) / corrections.length;
  }
  const length = Math.hypot(x, y);
  if (length <= limitPx) return;
  for (let at = 0; at < corrections.length; at += 1) corrections[at]! *= limitPx / length;
}
