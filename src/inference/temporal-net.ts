import type { BundleManifest } from '../contract/bundle-manifest.ts';
import type { Size } from '../contract/pixels.ts';
import type { NetworkSession } from './runtime/session.ts';

/** How one camera moved between two of its pictures. */
export interface TemporalResult {
  /** From each control point of the newer picture to where its content lay in the older, minus itself; view pixels. */
  readonly motion: Float64Array;
  /** Share of the picture's matches that follow one motion, 0 … 1. */
  readonly support: number;
  /** Longest motion of a control point as a share of the view's width. */
  readonly longestShare: number;
}

/** Motion of a camera (models-default, section 4): inputs `prev`, `cur`; outputs `motion`, `stats`. */
export class TemporalNet {
  readonly #session: NetworkSession;
  readonly #network: Size;

  constructor(session: NetworkSession, manifest: BundleManifest) {
    this.#session = session;
    this.#network = { widthPx: manifest.input.width, heightPx: manifest.input.height };
  }

  get lastMs(): number {
    return this.#session.lastMs;
  }

  /** @param before, now luma 0 … 255 of one camera at the bundle's size @param view size that the motion is wanted in */
  async run(before: Float32Array, now: Float32Array, view: Size): Promise<TemporalResult> {
    const { motion, stats } = await this.#session.run({ prev: before, cur: now });
    const unitX = view.widthPx / this.#network.widthPx;
    const unitY = view.heightPx / this.#network.heightPx;
    let longest = 0;
    for (let at = 0; at < motion!.length; at += 2)
      longest = Math.max(longest, Math.hypot(motion![at]!, motion![at + 1]!));
    return {
      motion: Float64Array.from(motion!, (value, index) => value * (index % 2 === 0 ? unitX : unitY)),
      support: stats![0]!,
      longestShare: longest / this.#network.widthPx,
    };
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}
