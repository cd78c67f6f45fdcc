import { BitReader } from '../bit-reader.ts';
import { readVuiStart, shownWidth, type VideoParameters } from '../video-parameters.ts';
import { h264NalType, H264_NAL, unescapeNal } from './nal-unit.ts';

/** What a sequence parameter set of H.264 says (H.264 §7.3.2.1.1). */
export interface H264Sps extends VideoParameters {
  readonly profileIdc: number;
  /** The byte of constraint flags, as it stands in `profile-level-id`. */
  readonly constraintFlags: number;
  readonly levelIdc: number;
}

/** Profiles that carry chroma format, bit depth and scaling matrices. */
const HIGH_PROFILES: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const MAX_SIDE_PX = 16_384;

/** @param nal the NAL unit with its header byte. @returns undefined when it is no sound sequence parameter set */
export function parseSps(nal: Uint8Array): H264Sps | undefined {
  if (h264NalType(nal) !== H264_NAL.sps || nal.length < 5) return undefined;
  const reader = new BitReader(unescapeNal(nal, 1));
  const profileIdc = reader.bits(8);
  const constraintFlags = reader.bits(8);
  const levelIdc = reader.bits(8);
  reader.ue();
  const chroma = HIGH_PROFILES.has(profileIdc) ? readHighProfile(reader) : { format: 1, bitDepth: 8 };
  reader.ue();
  const pocType = readPictureOrder(reader);
  reader.ue();
  reader.skip(1);
  const widthMbs = reader.ue() + 1;
  const heightUnits = reader.ue() + 1;
  const isProgressive = reader.flag();
  if (!isProgressive) reader.skip(1);
  reader.skip(1);
  const crop = reader.flag() ? [reader.ue(), reader.ue(), reader.ue(), reader.ue()] : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const cropX = chroma.format === 1 || chroma.format === 2 ? 2 : 1;
  const cropY = (chroma.format === 1 ? 2 : 1) * (isProgressive ? 1 : 2);
  const widthPx = widthMbs * 16 - cropX * (left + right);
  const heightPx = heightUnits * 16 * (isProgressive ? 1 : 2) - cropY * (top + bottom);
  const isSound = widthPx > 0 && heightPx > 0 && widthPx <= MAX_SIDE_PX && heightPx <= MAX_SIDE_PX;
  if (reader.isPastEnd || !isSound) return undefined;
  const vui = reader.flag() ? readVui(reader) : undefined;
  return {
    profileIdc,
    constraintFlags,
    levelIdc,
    widthPx,
    heightPx,
    shownWidthPx: shownWidth(widthPx, vui?.sampleAspect),
    bitDepth: chroma.bitDepth,
    isProgressive,
    fps: vui?.fps,
    // Baseline and picture order type 2 forbid reordering; without VUI the other profiles leave it open.
    reorderFrames: pocType === 2 || profileIdc === 66 ? 0 : vui?.reorderFrames,
  };
}

function readHighProfile(reader: BitReader): { format: number; bitDepth: number } {
  const format = reader.ue();
  if (format === 3) reader.skip(1);
  const bitDepth = reader.ue() + 8;
  reader.ue();
  reader.skip(1);
  if (reader.flag()) {
    for (let list = 0; list < (format === 3 ? 12 : 8); list += 1)
      if (reader.flag()) skipScalingList(reader, list < 6 ? 16 : 64);
  }
  return { format, bitDepth };
}

function skipScalingList(reader: BitReader, size: number): void {
  let last = 8;
  for (let index = 0; index < size && !reader.isPastEnd; index += 1) {
    last = (last + reader.se() + 256) % 256;
    if (last === 0) return;
  }
}

function readPictureOrder(reader: BitReader): number {
  const type = reader.ue();
  if (type === 0) reader.ue();
  if (type === 1) {
    reader.skip(1);
    reader.se();
    reader.se();
    const cycle = Math.min(reader.ue(), 255);
    for (let index = 0; index < cycle; index += 1) reader.se();
  }
  return type;
}

function readVui(reader: BitReader): {
  sampleAspect: readonly [number, number] | undefined;
  fps: number | undefined;
  reorderFrames: number | undefined;
} {
  const { sampleAspect } = readVuiStart(reader);
  let fps: number | undefined;
  if (reader.flag()) {
    const unitsInTick = reader.bits(32);
    const timeScale = reader.bits(32);
    reader.skip(1);
    // A tick is a field: two make a frame (H.264 §E.2.1).
    if (unitsInTick > 0 && timeScale > 0 && !reader.isPastEnd) fps = plausibleFps(timeScale / (2 * unitsInTick));
  }
  const hasNalHrd = reader.flag();
  if (hasNalHrd) skipHrd(reader);
  const hasVclHrd = reader.flag();
  if (hasVclHrd) skipHrd(reader);
  if (hasNalHrd || hasVclHrd) reader.skip(1);
  reader.skip(1);
  if (!reader.flag()) return { sampleAspect, fps, reorderFrames: undefined };
  reader.skip(1);
  for (let count = 0; count < 4; count += 1) reader.ue();
  const reorderFrames = reader.ue();
  return { sampleAspect, fps, reorderFrames: reader.isPastEnd || reorderFrames > 16 ? undefined : reorderFrames };
}

function plausibleFps(fps: number): number | undefined {
  return fps >= 1 && fps <= 240 ? fps : undefined;
}

function skipHrd(reader: BitReader): void {
  const count = Math.min(reader.ue(), 31) + 1;
  reader.skip(8);
  for (let index = 0; index < count; index += 1) {
    reader.ue();
    reader.ue();
    reader.skip(1);
  }
  reader.skip(20);
}
