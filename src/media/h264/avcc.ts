import { readU32, writeU32 } from '../rtp/packet.ts';

/**
 * The NAL units of AVCC data with 4-byte lengths (ISO/IEC 14496-15), as views on `data`.
 * @throws RangeError when a length points past the end
 */
export function* splitAvcc(data: Uint8Array): Generator<Uint8Array, void, undefined> {
  let at = 0;
  while (at < data.length) {
    const start = at + 4;
    const end = start + readU32(data, at);
    if (start > data.length || end > data.length) throw new RangeError('an AVCC length points past the end');
    if (end > start) yield data.subarray(start, end);
    at = end;
  }
}

/** The units with their length, 4 bytes big-endian, before each, in a new buffer. */
export function joinAvcc(nals: readonly Uint8Array[]): Uint8Array {
  const data = new Uint8Array(nals.reduce((sum, nal) => sum + 4 + nal.length, 0));
  let at = 0;
  for (const nal of nals) {
    writeU32(data, at, nal.length);
    data.set(nal, at + 4);
    at += 4 + nal.length;
  }
  return data;
}
