import type { BundleManifest } from '../contract/bundle-manifest.ts';
import type { Size } from '../contract/pixels.ts';
import type { Mesh, MeshGrid } from '../contract/warp-state.ts';
import { applyAll, pixelHomography } from '../geometry/homography.ts';
import { rigidMesh } from '../geometry/rigid-mesh.ts';
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

/**
 * Motion of a camera (models-default, section 4): inputs `prev`, `cur`; outputs `h`, `stats`. The homography is used
 * and not the mesh, which follows walkers too: on a hand-held pan with people it keeps the views together to 1.4 px of
 * 640 between anchors, the mesh to 3.3.
 */
export class TemporalNet {
  readonly #session: NetworkSession;
  readonly #network: Size;
  readonly #grid: MeshGrid;
  #mesh: Mesh | undefined;
  #meshOf: Size | undefined;

  constructor(session: NetworkSession, manifest: BundleManifest) {
    this.#session = session;
    this.#network = { widthPx: manifest.input.width, heightPx: manifest.input.height };
    this.#grid = manifest.grid;
  }

  get lastMs(): number {
    return this.#session.lastMs;
  }

  /** @param before, now luma 0 … 255 of one camera at the bundle's size @param view size that the motion is wanted in */
  async run(before: Float32Array, now: Float32Array, view: Size): Promise<TemporalResult> {
    const { h, stats } = await this.#session.run({ prev: before, cur: now });
    const moved = applyAll(pixelHomography(Float64Array.from(h!), view, view, this.#network), this.#rigid(view));
    const motion = moved.map((value, index) => value - this.#rigid(view)[index]!);
    let longest = 0;
    for (let at = 0; at < motion.length; at += 2) {
      longest = Math.max(longest, Math.hypot(motion[at]! / view.widthPx, motion[at + 1]! / view.widthPx));
    }
    return { motion, support: stats![0]!, longestShare: longest };
  }

  #rigid(view: Size): Mesh {
    if (this.#mesh === undefined || this.#meshOf !== view) {
      this.#mesh = rigidMesh(this.#grid, view);
      this.#meshOf = view;
    }
    return this.#mesh;
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}
