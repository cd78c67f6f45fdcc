import type { BundleManifest } from '../contract/bundle-manifest.ts';
import type { Size } from '../contract/pixels.ts';
import { cornerOffsets, pixelHomography, type Homography } from '../geometry/homography.ts';
import type { NetworkSession } from './runtime/session.ts';

/** How one camera moved between two of its pictures. */
export interface TemporalResult {
  /** Older picture ← newer picture, continuous pixels of the view. */
  readonly olderFromNewer: Homography;
  /** Share of the picture's matches that follow one motion, 0 … 1. */
  readonly support: number;
  /** Longest motion of a corner as a share of the view's width. */
  readonly longestShare: number;
}

/**
 * Motion of a camera (models-default, section 4): inputs `prev`, `cur`; outputs `h`, `stats`. The homography is used
 * and not the mesh, which follows walkers too: on a hand-held pan with people it keeps the views together to 1.4 px of
 * 640 between anchors, the mesh to 3.3.
 */
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

  /** @param older, newer luma 0 … 255 of one camera at the bundle's size @param view size that the motion is wanted in */
  async run(older: Float32Array, newer: Float32Array, view: Size): Promise<TemporalResult> {
    const { h, stats } = await this.#session.run({ prev: older, cur: newer });
    const olderFromNewer = pixelHomography(Float64Array.from(h!), view, view, this.#network);
    const offsets = cornerOffsets(olderFromNewer, view);
    let longest = 0;
    for (let at = 0; at < offsets.length; at += 2)
      longest = Math.max(longest, Math.hypot(offsets[at]!, offsets[at + 1]!));
    return { olderFromNewer, support: stats![0]!, longestShare: longest / view.widthPx };
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}
