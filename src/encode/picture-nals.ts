/** NAL unit types that carry nothing a reader needs: SEI 6, access unit delimiter 9, filler 12 (H.264 Table 7-1). */
const IDLE_TYPES: ReadonlySet<number> = new Set([6, 9, 12]);

/**
 * The NAL units of a picture that readers need, still in AVCC form with 4-byte lengths.
 * @throws RangeError when a length leads beyond the end
 */
export function pictureNals(avcc: Uint8Array): Uint8Array {
  const view = new DataView(avcc.buffer, avcc.byteOffset, avcc.length);
  const kept: Uint8Array[] = [];
  let bytes = 0;
  for (let at = 0; at < avcc.length;) {
    if (at + 5 > avcc.length) throw new RangeError('a NAL unit has no header');
    const end = at + 4 + view.getUint32(at);
    if (end > avcc.length || end === at + 4) throw new RangeError('a NAL unit has a wrong length');
    if (!IDLE_TYPES.has(avcc[at + 4]! & 0x1f)) {
      kept.push(avcc.subarray(at, end));
      bytes += end - at;
    }
    at = end;
  }
  const out = new Uint8Array(bytes);
  let at = 0;
  for (const nal of kept) {
    out.set(nal, at);
    at += nal.length;
  }
  return out;
}
