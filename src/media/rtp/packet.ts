/** One RTP packet (RFC 3550 §5.1). */
export interface RtpPacket {
  readonly version: 2;
  readonly marker: boolean;
  /** 0 … 127 */
  readonly payloadType: number;
  /** 0 … 65,535 */
  readonly sequence: number;
  /** 32 bit, unsigned */
  readonly timestamp: number;
  /** 32 bit, unsigned */
  readonly ssrc: number;
  /** Without header extension and padding; a view on the data that was parsed. */
  readonly payload: Uint8Array;
}

/** Fields of a header to write. Values wider than their field are cut to it. */
export interface RtpHeaderFields {
  readonly marker: boolean;
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

/** Bytes of a header without contributing sources or extension. */
export const RTP_HEADER_BYTES = 12;

/** The packet, or undefined when the data is no RTP packet of version 2. */
export function parseRtp(data: Uint8Array): RtpPacket | undefined {
  const first = data[0];
  const second = data[1];
  if (first === undefined || second === undefined || data.length < RTP_HEADER_BYTES || first >> 6 !== 2)
    return undefined;
  let start = RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (data.length < start + 4) return undefined;
    start += 4 + readU16(data, start + 2) * 4;
  }
  let end = data.length;
  if ((first & 0x20) !== 0) {
    const padding = data[end - 1] ?? 0;
    if (padding === 0) return undefined;
    end -= padding;
  }
  if (start > end) return undefined;
  return {
    version: 2,
    marker: (second & 0x80) !== 0,
    payloadType: second & 0x7f,
    sequence: readU16(data, 2),
    timestamp: readU32(data, 4),
    ssrc: readU32(data, 8),
    payload: data.subarray(start, end),
  };
}

/** Writes a header of 12 bytes at the start of `target`. */
export function writeRtpHeader(target: Uint8Array, fields: RtpHeaderFields): void {
  if (target.length < RTP_HEADER_BYTES) throw new RangeError('an RTP header needs 12 bytes');
  target[0] = 0x80;
  target[1] = (fields.marker ? 0x80 : 0) | (fields.payloadType & 0x7f);
  target[2] = (fields.sequence >> 8) & 0xff;
  target[3] = fields.sequence & 0xff;
  writeU32(target, 4, fields.timestamp);
  writeU32(target, 8, fields.ssrc);
}

/** Signed distance `a − b` of two wrapping sequence numbers, −32,768 … 32,767. */
export function sequenceDistance(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/** Big-endian 16 bit; bytes past the end read as 0. */
export function readU16(data: Uint8Array, at: number): number {
  return ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
}

/** Big-endian 32 bit, unsigned; bytes past the end read as 0. */
export function readU32(data: Uint8Array, at: number): number {
  return readU16(data, at) * 0x10000 + readU16(data, at + 2);
}

/** Big-endian 32 bit. */
export function writeU32(target: Uint8Array, at: number, value: number): void {
  target[at] = (value >>> 24) & 0xff;
  target[at + 1] = (value >>> 16) & 0xff;
  target[at + 2] = (value >>> 8) & 0xff;
  target[at + 3] = value & 0xff;
}
