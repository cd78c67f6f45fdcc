import type { Size } from '../contract/pixels.ts';
import { OVERLAP_WORDS } from '../kernels/strip-layout.ts';
import { GAIN_WORDS } from './view-gain.ts';

/**
 * The control block between the main thread and the strip workers: Int32 words of one small SharedArrayBuffer. The main
 * thread writes them while all workers wait, then raises SEQUENCE; each worker adds one to DONE, the last one wakes the
 * main thread.
 */
export const SEQUENCE = 0;
export const DONE = 1;
export const QUIT = 2;
/** Offsets of the two views' pictures. */
export const SOURCES = 3;
/** Offset of the canvas to draw. */
export const CANVAS = 5;
/** Offset of the target node grids: reference view, then target view. */
export const TARGET_NODES = 6;
/** How far to move towards them: frames that are left, this one included; 0 leaves the grids as they are. */
export const FRAMES_LEFT = 7;
/** 1: compare what both views show in the overlap. */
export const MEASURE = 8;
/** Offset of the backdrop that shows where no view is; 0: black. */
export const BACKDROP = 9;
/** Gains of the reference and the target view, GAIN_WORDS each. */
export const GAINS = 10;
const WORDS = GAINS + 2 * GAIN_WORDS + 2;

/** The two views of one control block. */
export interface ControlBlock {
  readonly words: Int32Array;
  /** Results of overlapBins, OVERLAP_WORDS of each worker. */
  readonly bins: Float64Array;
}

/** Bytes of the control block for so many workers. */
export function controlBytes(workers: number): number {
  return WORDS * 4 + workers * OVERLAP_WORDS * 8;
}

/** @param buffer controlBytes(workers) bytes */
export function controlBlock(buffer: SharedArrayBuffer): ControlBlock {
  return { words: new Int32Array(buffer, 0, WORDS), bins: new Float64Array(buffer, WORDS * 4) };
}

/** Handed to each strip worker once, as `workerData`. */
export interface StripWorkerData {
  readonly memory: WebAssembly.Memory;
  readonly kernels: WebAssembly.Module;
  readonly control: SharedArrayBuffer;
  /** Which of `workers` this one is, from 0. */
  readonly index: number;
  readonly workers: number;
  readonly canvas: Size;
  readonly reference: Size;
  readonly target: Size;
  /** Start of this worker's private memory. */
  readonly layoutOffset: number;
  /** Width of the fade across the overlap, canvas pixels. */
  readonly featherPx: number;
}
