/** One RTP payload of an access unit. It may alias the NAL units it was made of. */
export interface RtpPayload {
  readonly payload: Uint8Array;
  /** True for the last payload of the access unit (RFC 6184 §5.1). */
  readonly marker: boolean;
}

/** Aggregation packet of units with one time (RFC 6184 §5.7.1). */
const STAP_A = 24;
/** Fragment of a unit (RFC 6184 §5.8). */
const FU_A = 28;
const STAP_HEADER_BYTES = 1;
const STAP_LENGTH_BYTES = 2;
const FU_HEADER_BYTES = 2;

const NRI_MASK = 0x60;
const TYPE_MASK = 0x1f;
const FORBIDDEN_MASK = 0x80;

/** Units that a receiver has no use for: SEI, access unit delimiter, end of sequence and stream, filler. */
const DROPPED_TYPES: ReadonlySet<number> = new Set([6, 9, 10, 11, 12]);

/**
 * Cuts one access unit into payloads of packetization mode 1 (RFC 6184 §6.3): units that fit together go into one STAP-A,
 * a unit alone goes as it is, a longer one goes in FU-A fragments of nearly equal length. Empty units are left out.
 * @param nalUnits NAL units without start codes or lengths, in decoding order
 * @param maxPayloadBytes longest payload, at least 16
 * @returns no payload when nothing is left to send
 */
export function packetizeH264(nalUnits: Iterable<Uint8Array>, maxPayloadBytes: number): RtpPayload[] {
  if (maxPayloadBytes < 16) throw new RangeError('an RTP payload needs at least 16 bytes');
  const payloads: Uint8Array[] = [];
  let group: Uint8Array[] = [];
  let groupBytes = STAP_HEADER_BYTES;
  const flush = (): void => {
    const [first] = group;
    if (first !== undefined) payloads.push(group.length === 1 ? first : aggregate(group, groupBytes));
    group = [];
    groupBytes = STAP_HEADER_BYTES;
  };
  for (const unit of nalUnits) {
    if (unit.length === 0 || DROPPED_TYPES.has(unit[0]! & TYPE_MASK)) continue;
    const bytes = STAP_LENGTH_BYTES + unit.length;
    if (groupBytes + bytes > maxPayloadBytes) flush();
    if (unit.length > maxPayloadBytes) fragment(unit, maxPayloadBytes, payloads);
    else {
      group.push(unit);
      groupBytes += bytes;
    }
  }
  flush();
  return payloads.map((payload, index) => ({ payload, marker: index === payloads.length - 1 }));
}

function aggregate(units: readonly Uint8Array[], bytes: number): Uint8Array {
  const payload = new Uint8Array(bytes);
  let header = STAP_A;
  let at = STAP_HEADER_BYTES;
  for (const unit of units) {
    const first = unit[0] ?? 0;
    // The highest importance and any error bit of the units inside (RFC 6184 §5.7.1).
    header = (header & ~NRI_MASK) | Math.max(header & NRI_MASK, first & NRI_MASK) | (first & FORBIDDEN_MASK);
    payload[at] = unit.length >> 8;
    payload[at + 1] = unit.length & 0xff;
    payload.set(unit, at + STAP_LENGTH_BYTES);
    at += STAP_LENGTH_BYTES + unit.length;
  }
  payload[0] = header;
  return payload;
}

function fragment(unit: Uint8Array, maxPayloadBytes: number, payloads: Uint8Array[]): void {
  const header = unit[0] ?? 0;
  const body = unit.subarray(1);
  const count = Math.ceil(body.length / (maxPayloadBytes - FU_HEADER_BYTES));
  const size = Math.ceil(body.length / count);
  for (let from = 0; from < body.length; from += size) {
    const part = body.subarray(from, from + size);
    const payload = new Uint8Array(FU_HEADER_BYTES + part.length);
    payload[0] = (header & ~TYPE_MASK) | FU_A;
    const isFirst = from === 0 ? 0x80 : 0;
    const isLast = from + size >= body.length ? 0x40 : 0;
    payload[1] = isFirst | isLast | (header & TYPE_MASK);
    payload.set(part, FU_HEADER_BYTES);
    payloads.push(payload);
  }
}
