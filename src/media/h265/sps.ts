import { BitReader } from '../bit-reader.ts';
import { unescapeNal } from '../h264/nal-unit.ts';
import { shownWidth, type VideoParameters } from '../video-parameters.ts';
import { h265NalType, H265_NAL } from './nal-unit.ts';

const MAX_SIDE_PX = 16_384;

/**
 * Size and reordering of a sequence parameter set of H.265 (H.265 §7.3.2.2). Read up to the reordering: the VUI lies
 * behind lists of variable length, so pixels count as square and the frame rate stays unknown.
 * @param nal the NAL unit with its two header bytes. @returns undefined when it is no sound sequence parameter set
 */
export function parseH265Sps(nal: Uint8Array): VideoParameters | undefined {
  if (h265NalType(nal) !== H265_NAL.sps || nal.length < 8) return undefined;
  const reader = new BitReader(unescapeNal(nal, 2));
  reader.skip(4);
  const subLayers = reader.bits(3);
  reader.skip(1);
  const isProgressive = readProfileTierLevel(reader, subLayers);
  reader.ue();
  const chromaFormat = reader.ue();
  if (chromaFormat === 3) reader.skip(1);
  const codedWidth = reader.ue();
  const codedHeight = reader.ue();
  const window = reader.flag() ? [reader.ue(), reader.ue(), reader.ue(), reader.ue()] : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = window;
  const widthPx = codedWidth - (chromaFormat === 1 || chromaFormat === 2 ? 2 : 1) * (left + right);
  const heightPx = codedHeight - (chromaFormat === 1 ? 2 : 1) * (top + bottom);
  const bitDepth = reader.ue() + 8;
  const isSound = widthPx > 0 && heightPx > 0 && widthPx <= MAX_SIDE_PX && heightPx <= MAX_SIDE_PX;
  if (reader.isPastEnd || !isSound) return undefined;
  return {
    widthPx,
    heightPx,
    shownWidthPx: shownWidth(widthPx, undefined),
    bitDepth,
    isProgressive,
    fps: undefined,
    reorderFrames: readReordering(reader, subLayers),
  };
}

/** @returns whether only frames, no fields, occur */
function readProfileTierLevel(reader: BitReader, subLayers: number): boolean {
  reader.skip(8 + 32);
  reader.skip(1);
  const isInterlaced = reader.flag();
  reader.skip(2 + 43 + 1 + 8);
  const present = Array.from({ length: subLayers }, () => [reader.flag(), reader.flag()]);
  if (subLayers > 0) reader.skip(2 * (8 - subLayers));
  for (const [hasProfile, hasLevel] of present) {
    if (hasProfile === true) reader.skip(88);
    if (hasLevel === true) reader.skip(8);
  }
  return !isInterlaced;
}

function readReordering(reader: BitReader, subLayers: number): number | undefined {
  reader.ue();
  reader.ue();
  const hasEachLayer = reader.flag();
  let reorder = 0;
  for (let layer = hasEachLayer ? 0 : subLayers; layer <= subLayers; layer += 1) {
    reader.ue();
    reorder = reader.ue();
    reader.ue();
  }
  return reader.isPastEnd || reorder > 16 ? undefined : reorder;
}
