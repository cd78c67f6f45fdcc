/** The 4-byte start code (H.264 Annex B). */
export const START_CODE: Uint8Array = Uint8Array.of(0, 0, 0, 1);

/**
 * The NAL units between start codes of 3 or 4 bytes, as views on `data`; empty ones and bytes before the first start
 * code are left out, trailing zero bytes belong to no unit.
 */
export function splitAnnexB(data: Uint8Array): Uint8Array[] {
  const nals: Uint8Array[] = [];
  let start = -1;
  for (let at = 0; at + 2 < data.length;) {
    if (data[at] === 0 && data[at + 1] === 0 && data[at + 2] === 1) {
      if (start >= 0) pushTrimmed(nals, data, start, at);
      start = at + 3;
      at = start;
    } else at += 1;
  }
  if (start >= 0) pushTrimmed(nals, data, start, data.length);
  return nals;
}

function pushTrimmed(nals: Uint8Array[], data: Uint8Array, start: number, limit: number): void {
  let end = limit;
  while (end > start && data[end - 1] === 0) end -= 1;
  if (end > start) nals.push(data.subarray(start, end));
}

/** The units with a 4-byte start code before each, in a new buffer. */
export function joinAnnexB(nals: readonly Uint8Array[]): Uint8Array {
  const data = new Uint8Array(nals.reduce((sum, nal) => sum + START_CODE.length + nal.length, 0));
  let at = 0;
  for (const nal of nals) {
    data.set(START_CODE, at);
    data.set(nal, at + START_CODE.length);
    at += START_CODE.length + nal.length;
  }
  return data;
}
