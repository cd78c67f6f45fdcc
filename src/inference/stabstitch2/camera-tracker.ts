import type { Mesh } from '../../contract/warp-state.ts';
import { CameraMotionGauge, hasMoved } from '../camera-motion.ts';
import { runTemporal, type StabStitch2Networks } from './networks.ts';

/** A camera has moved when a corner went this far, pixels of the working size. */
export const MOVED_PX = 0.2;
/** TemporalNet compares cells of eight pixels with their neighbours up to three cells away. */
const LONGEST_MOTION_PX = 24;
/** The remembered picture of a still camera is renewed this often, since light and scene change. */
const RENEW_US = 4_000_000;

/** What became of one camera since the remembered picture. */
export type CameraStep =
  | { readonly kind: 'still' }
  /** From each control point to where its content lay in the remembered picture, minus itself; working pixels. */
  | { readonly kind: 'moved'; readonly motion: Mesh }
  /** Further than TemporalNet can see: only a new comparison of the views helps. */
  | { readonly kind: 'lost' };

/**
 * Follows one camera between comparisons of the views. TemporalNet costs a fifth of a frame's networks a view, so a cheap test
 * sees first whether the camera moved at all.
 */
export class CameraTracker {
  readonly #networks: StabStitch2Networks;
  readonly #gauge: CameraMotionGauge;
  /** Of the remembered picture. */
  #features: Float32Array | undefined;
  #rememberedUs = 0;

  constructor(networks: StabStitch2Networks) {
    const { width, height } = networks.manifest.input;
    this.#networks = networks;
    this.#gauge = new CameraMotionGauge(width, height);
  }

  /** Forgets the remembered picture. */
  reset(): void {
    this.#features = undefined;
  }

  /**
   * Compares the newest picture with the remembered one, and remembers it when the camera moved.
   * @param image 3×H×W, as the manifest says; not kept
   */
  async step(image: Float32Array, ptsUs: number): Promise<CameraStep> {
    const luma = this.#brightness(image);
    if (this.#features === undefined) {
      await this.#remember(image, luma, ptsUs);
      return { kind: 'still' };
    }
    const compared = this.#gauge.compare(luma);
    if (!hasMoved(compared, MOVED_PX)) {
      const mayRenew = compared.cornerPx < MOVED_PX / 2 && ptsUs - this.#rememberedUs > RENEW_US;
      if (mayRenew) await this.#remember(image, luma, ptsUs);
      return { kind: 'still' };
    }
    const motion = await this.#remember(image, luma, ptsUs);
    return longest(motion) > LONGEST_MOTION_PX ? { kind: 'lost' } : { kind: 'moved', motion };
  }

  async #remember(image: Float32Array, luma: Float32Array, ptsUs: number): Promise<Mesh> {
    const { motion, features } = await runTemporal(this.#networks, image, this.#features);
    this.#features = features;
    this.#gauge.remember(luma);
    this.#rememberedUs = ptsUs;
    return motion;
  }

  /** Green, the second plane in either order of colours, is nearest to brightness. */
  #brightness(image: Float32Array): Float32Array {
    const { width, height, mean, scale } = this.#networks.manifest.input;
    return image.subarray(width * height, 2 * width * height).map((value) => value * scale + mean);
  }
}

/** Longest motion of a control point; one that is not a number is longer than any. */
export function longest(motion: Mesh): number {
  let length = 0;
  for (let at = 0; at < motion.length; at += 2) {
    const step = Math.hypot(motion[at]!, motion[at + 1]!);
    length = Number.isFinite(step) ? Math.max(length, step) : Infinity;
  }
  return length;
}
