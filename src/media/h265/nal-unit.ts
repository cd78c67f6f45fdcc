/** NAL unit types of H.265 that matter here (H.265 table 7-1). */
export const H265_NAL = { vps: 32, sps: 33, pps: 34, aud: 35, filler: 38 } as const;

/** `nal_unit_type`, 0 … 63. */
export function h265NalType(nal: Uint8Array): number {
  return ((nal[0] ?? 0) >> 1) & 0x3f;
}

/** True for a coded slice segment. */
export function isH265Slice(nal: Uint8Array): boolean {
  return h265NalType(nal) < H265_NAL.vps;
}

/** True for a slice segment of a picture from which decoding can start: BLA, IDR or CRA (16 … 21). */
export function isH265RandomAccess(nal: Uint8Array): boolean {
  const type = h265NalType(nal);
  return type >= 16 && type <= 21;
}

/** True for the first slice segment of a picture: `first_slice_segment_in_pic_flag`. */
export function isFirstH265Slice(nal: Uint8Array): boolean {
  return isH265Slice(nal) && ((nal[2] ?? 0) & 0x80) !== 0;
}
