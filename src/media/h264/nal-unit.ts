/** NAL unit types of H.264 that matter here (H.264 table 7-1). */
export const H264_NAL = { slice: 1, partitionC: 4, idr: 5, sei: 6, sps: 7, pps: 8, aud: 9, filler: 12 } as const;

/** `nal_unit_type`, 0 … 31. */
export function h264NalType(nal: Uint8Array): number {
  return (nal[0] ?? 0) & 0x1f;
}

/** True for a coded slice or slice data partition: the picture itself. */
export function isH264Slice(nal: Uint8Array): boolean {
  const type = h264NalType(nal);
  return type >= H264_NAL.slice && type <= H264_NAL.idr;
}

/** True for a slice whose first macroblock is the picture's first: `first_mb_in_slice` = 0 is the single bit 1. */
export function isFirstH264Slice(nal: Uint8Array): boolean {
  return isH264Slice(nal) && ((nal[1] ?? 0) & 0x80) !== 0;
}

/** The payload without emulation prevention bytes (H.264 §7.3.1; the same in H.265), a copy. @param headerBytes left out in front */
export function unescapeNal(nal: Uint8Array, headerBytes: number): Uint8Array {
  const target = new Uint8Array(Math.max(0, nal.length - headerBytes));
  let length = 0;
  let zeros = 0;
  for (let at = headerBytes; at < nal.length; at += 1) {
    const byte = nal[at] ?? 0;
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    target[length] = byte;
    length += 1;
  }
  return target.subarray(0, length);
}
