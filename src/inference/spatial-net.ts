import type { BundleManifest } from '../contract/bundle-manifest.ts';
import type { Size } from '../contract/pixels.ts';
import type { PairAlignment } from '../geometry/mid-plane.ts';
import { pixelHomography } from '../geometry/homography.ts';
import type { NetworkSession } from './runtime/session.ts';

/** What SpatialNet says of a pair at one instant. */
export interface SpatialResult {
  readonly alignment: PairAlignment;
  /** 0 … 1, calibrated in the bundle. */
  readonly confidence: number;
}

/** Alignment of a pair (models-default, section 3.8): inputs `a`, `b`; outputs `h`, `mesh`, `confidence`. */
export class SpatialNet {
  readonly #session: NetworkSession;
  readonly #manifest: BundleManifest;
  readonly #network: Size;

  constructor(session: NetworkSession, manifest: BundleManifest) {
    this.#session = session;
    this.#manifest = manifest;
    this.#network = { widthPx: manifest.input.width, heightPx: manifest.input.height };
  }

  get lastMs(): number {
    return this.#session.lastMs;
  }

  /**
   * @param a reference, luma 0 … 255 at the bundle's size
   * @param b target, the same
   * @param views sizes of the views that the result is wanted in
   */
  async run(a: Float32Array, b: Float32Array, views: { reference: Size; target: Size }): Promise<SpatialResult> {
    const { h, mesh, confidence } = await this.#session.run({ a, b });
    const { reference, target } = views;
    // The normalised unit is half the network's width, on both axes (section 2).
    const half = this.#network.widthPx / 2;
    const unitX = (half * reference.widthPx) / this.#network.widthPx;
    const unitY = (half * reference.heightPx) / this.#network.heightPx;
    return {
      alignment: {
        targetFromReference: pixelHomography(Float64Array.from(h!), reference, target, this.#network),
        residual: Float64Array.from(mesh!, (value, index) => value * (index % 2 === 0 ? unitX : unitY)),
        grid: this.#manifest.grid,
        reference,
        target,
      },
      confidence: confidence![0]!,
    };
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}
