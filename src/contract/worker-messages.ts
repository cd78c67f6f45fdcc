import type { ProblemJson } from '../common/seamline-error.ts';
import type { CameraIndex, Size } from './pixels.ts';
import type { PlaneGeometry } from './warp-state.ts';

/** Handed to the inference worker once, as `workerData`. */
export interface InferenceWorkerData {
  readonly memory: WebAssembly.Memory;
  /** Room in the memory for both scaled views, one behind the other, each of `scratchBytes`. */
  readonly scratchByteOffset: number;
  readonly scratchBytes: number;
  /** Compiled kernels, for scaling views to the networks' size. */
  readonly kernels: WebAssembly.Module;
  readonly modelFolder: string;
  readonly profile: string | undefined;
  readonly provider: string;
  readonly deviceId: number | undefined;
  readonly threads: number;
  /** `live`: anchors and transport within the budget. `every-frame`: all networks for each pair (offline). */
  readonly cadence: 'live' | 'every-frame';
}

/** One view of a pair, where it lies in the shared memory (I420). */
export interface ViewRef {
  readonly camera: CameraIndex;
  readonly byteOffset: number;
  readonly size: Size;
}

/**
 * What both cameras have done since the pair asked about before: from each view's pixels to where the same content lay
 * in it, row-major 3 × 3; undefined for a camera that is not known to that.
 */
export type CameraMotions = readonly [Float64Array | undefined, Float64Array | undefined];

/** Main thread → inference worker. The frames stay held until the answer to `id` came. */
export type InferenceRequest =
  | {
      readonly kind: 'pair';
      readonly id: number;
      readonly ptsUs: number;
      readonly reference: ViewRef;
      readonly target: ViewRef;
      /** True: SpatialNet must run for this pair; false: TemporalNet may transport the last anchor. */
      readonly anchor: boolean;
      readonly motions: CameraMotions;
    }
  /** Forgets window and anchors, for example after a swap of the views. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'close' };

/** Inference worker → main thread. */
export type InferenceReply =
  | { readonly kind: 'ready'; readonly provider: string; readonly warmUpMs: number }
  | {
      readonly kind: 'geometry';
      readonly id: number;
      readonly ptsUs: number;
      /** Undefined: no usable geometry for this pair, `reason` says why; the last one is held. */
      readonly geometry: PlaneGeometry | undefined;
      readonly confidence: number;
      readonly reason: string;
      /** True when a view moved further than transport can follow: run SpatialNet next. */
      readonly jumped: boolean;
      /** True when a camera moved since the last pair. */
      readonly isMoving: boolean;
      /** Milliseconds of each network that ran. */
      readonly networkMs: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'failed'; readonly problem: ProblemJson };
