import type { BitReader } from './bit-reader.ts';

/** What the sequence parameter sets of H.264 and H.265 both say. */
export interface VideoParameters {
  /** Size of the decoded picture after cropping. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Width at which it is to be shown: differs from `widthPx` when pixels are not square. Even. */
  readonly shownWidthPx: number;
  /** Of luma samples. */
  readonly bitDepth: number;
  readonly isProgressive: boolean;
  /** Nominal frame rate, when the stream says one. */
  readonly fps: number | undefined;
  /** How many pictures may precede one in decoding order and follow it in output order; undefined when not said. */
  readonly reorderFrames: number | undefined;
}

/** Sample aspect ratios by `aspect_ratio_idc` 1 … 16 (H.264 table E-1; the same in H.265). */
const SAMPLE_ASPECTS: readonly (readonly [number, number])[] = [
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];
const EXTENDED_SAR = 255;

/** Reads the start of the VUI, equal in both standards: aspect, overscan, video signal type, chroma location (H.264 §E.1.1). */
export function readVuiStart(reader: BitReader): { sampleAspect: readonly [number, number] | undefined } {
  let sampleAspect: readonly [number, number] | undefined;
  if (reader.flag()) {
    const idc = reader.bits(8);
    sampleAspect = idc === EXTENDED_SAR ? [reader.bits(16), reader.bits(16)] : SAMPLE_ASPECTS[idc - 1];
  }
  if (reader.flag()) reader.skip(1);
  if (reader.flag()) {
    reader.skip(4);
    if (reader.flag()) reader.skip(24);
  }
  if (reader.flag()) {
    reader.ue();
    reader.ue();
  }
  return { sampleAspect };
}

/** Width in square pixels, even. Aspects beyond 4:1 are mistakes of the camera and ignored. */
export function shownWidth(widthPx: number, sampleAspect: readonly [number, number] | undefined): number {
  const [across, down] = sampleAspect ?? [1, 1];
  const ratio = across > 0 && down > 0 ? across / down : 1;
  const shown = ratio < 0.25 || ratio > 4 ? widthPx : widthPx * ratio;
  return Math.max(2, 2 * Math.round(shown / 2));
}
