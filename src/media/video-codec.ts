import { BitReader } from './bit-reader.ts';
import { H264_NAL, h264NalType, isFirstH264Slice, isH264Slice, unescapeNal } from './h264/nal-unit.ts';
import { parseSps } from './h264/sps.ts';
import { H265_NAL, h265NalType, isFirstH265Slice, isH265RandomAccess, isH265Slice } from './h265/nal-unit.ts';
import { parseH265Sps } from './h265/sps.ts';
import type { VideoParameters } from './video-parameters.ts';

/** The codecs that our own RTSP client understands. */
export type VideoCodec = 'h264' | 'h265';

/** What the handling of access units needs to know of a codec's NAL units. */
export interface CodecRules {
  /** Part of the picture itself. */
  isSlice(nal: Uint8Array): boolean;
  /** The slice that begins a picture. */
  isFirstSlice(nal: Uint8Array): boolean;
  /** A unit that decoders do not need: delimiters (the camera's own may stand anywhere) and filler. */
  isIdle(nal: Uint8Array): boolean;
  /** Which kind of parameter set, or undefined. */
  parameterSet(nal: Uint8Array): 'vps' | 'sps' | 'pps' | undefined;
  /** True when decoding can start at these units. */
  isRandomAccess(nals: readonly Uint8Array[]): boolean;
  /** Size and more, from a sequence parameter set. */
  parseSequence(nal: Uint8Array): VideoParameters | undefined;
}

const RECOVERY_POINT = 6;
const I_SLICES: ReadonlySet<number> = new Set([2, 7]);

const h264: CodecRules = {
  isSlice: isH264Slice,
  isFirstSlice: isFirstH264Slice,
  isIdle: (nal) => {
    const type = h264NalType(nal);
    return type === H264_NAL.aud || type === H264_NAL.filler || type === 0;
  },
  parameterSet: (nal) => {
    const type = h264NalType(nal);
    return type === H264_NAL.sps ? 'sps' : type === H264_NAL.pps ? 'pps' : undefined;
  },
  isRandomAccess: (nals) =>
    nals.some((nal) => h264NalType(nal) === H264_NAL.idr || isRecoveryPoint(nal)) ||
    // Some cameras never send an IDR picture after the first: an I picture with its parameter sets serves as well.
    (nals.some((nal) => h264NalType(nal) === H264_NAL.sps) && nals.filter(isH264Slice).every(isISlice)),
  parseSequence: parseSps,
};

const h265: CodecRules = {
  isSlice: isH265Slice,
  isFirstSlice: isFirstH265Slice,
  isIdle: (nal) => h265NalType(nal) === H265_NAL.aud || h265NalType(nal) === H265_NAL.filler,
  parameterSet: (nal) => {
    const type = h265NalType(nal);
    if (type === H265_NAL.vps) return 'vps';
    return type === H265_NAL.sps ? 'sps' : type === H265_NAL.pps ? 'pps' : undefined;
  },
  isRandomAccess: (nals) => nals.some(isH265RandomAccess),
  parseSequence: parseH265Sps,
};

/** The rules of a codec. */
export function codecRules(codec: VideoCodec): CodecRules {
  return codec === 'h264' ? h264 : h265;
}

/** Supplemental enhancement information whose first message is a recovery point (H.264 §D.1.8): intra refresh, open GOPs. */
function isRecoveryPoint(nal: Uint8Array): boolean {
  return h264NalType(nal) === H264_NAL.sei && nal[1] === RECOVERY_POINT;
}

function isISlice(nal: Uint8Array): boolean {
  const reader = new BitReader(unescapeNal(nal.subarray(0, 16), 1));
  reader.ue();
  return I_SLICES.has(reader.ue());
}
