import { readU16, readU32, writeU32 } from './packet.ts';

/** What is used of RTCP (RFC 3550 §6). */
export type RtcpPacket =
  | RtcpSenderReport
  | { readonly kind: 'receiver-report'; readonly ssrc: number; readonly reports: readonly RtcpReportBlock[] }
  | { readonly kind: 'source-description'; readonly ssrc: number; readonly cname: string }
  | { readonly kind: 'bye'; readonly ssrcs: readonly number[] };

/** Ties the sender's wall clock to its RTP clock. */
export interface RtcpSenderReport {
  readonly kind: 'sender-report';
  readonly ssrc: number;
  /** Wall clock of the sender, µs since 1970; negative when the sender knows none. */
  readonly wallUs: number;
  /** The upper 32 bits of the middle of the NTP time, for `lastSenderReport` of a receiver report. */
  readonly ntpMiddle: number;
  /** The same moment on the RTP clock. */
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly octets: number;
  readonly reports: readonly RtcpReportBlock[];
}

/** Reception of one source (RFC 3550 §6.4.1). */
export interface RtcpReportBlock {
  readonly ssrc: number;
  /** Share lost since the last report, 0 … 255 of 256. */
  readonly fractionLost: number;
  /** Packets lost in all, −2²³ … 2²³−1. */
  readonly lost: number;
  readonly highestSequence: number;
  readonly jitter: number;
  readonly lastSenderReport: number;
  /** Since that report, 1/65,536 s. */
  readonly delay: number;
}

/** Seconds from the NTP era (1900) to the Unix epoch. */
const NTP_TO_UNIX_S = 2_208_988_800;
const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const BYE = 203;

/** The packets of a compound packet; what cannot be read ends it silently (RFC 3550 §A.2 lets receivers drop it). */
export function parseRtcp(data: Uint8Array): RtcpPacket[] {
  const packets: RtcpPacket[] = [];
  let at = 0;
  while (at + 4 <= data.length && (data[at] ?? 0) >> 6 === 2) {
    const end = at + 4 + readU16(data, at + 2) * 4;
    if (end > data.length) break;
    const packet = parseOne(data.subarray(at, end));
    if (packet !== undefined) packets.push(packet);
    at = end;
  }
  return packets;
}

function parseOne(data: Uint8Array): RtcpPacket | undefined {
  const count = (data[0] ?? 0) & 0x1f;
  const ssrc = readU32(data, 4);
  switch (data[1] ?? 0) {
    case SENDER_REPORT:
      return data.length < 28 ? undefined : parseSenderReport(data, ssrc, count);
    case RECEIVER_REPORT:
      return data.length < 8 ? undefined : { kind: 'receiver-report', ssrc, reports: parseBlocks(data, 8, count) };
    case SOURCE_DESCRIPTION: {
      const length = data[8] === 1 ? (data[9] ?? 0) : 0;
      if (data.length < 8) return undefined;
      return { kind: 'source-description', ssrc, cname: new TextDecoder().decode(data.subarray(10, 10 + length)) };
    }
    case BYE: {
      const ssrcs = Array.from({ length: Math.min(count, data.length / 4 - 1) }, (_, i) => readU32(data, 4 + i * 4));
      return { kind: 'bye', ssrcs };
    }
    default:
      return undefined;
  }
}

function parseSenderReport(data: Uint8Array, ssrc: number, count: number): RtcpSenderReport {
  const seconds = readU32(data, 8);
  const fraction = readU32(data, 12);
  return {
    kind: 'sender-report',
    ssrc,
    wallUs: (seconds - NTP_TO_UNIX_S) * 1e6 + Math.round((fraction * 1e6) / 2 ** 32),
    ntpMiddle: readU32(data, 10),
    rtpTimestamp: readU32(data, 16),
    packets: readU32(data, 20),
    octets: readU32(data, 24),
    reports: parseBlocks(data, 28, count),
  };
}

function parseBlocks(data: Uint8Array, from: number, count: number): RtcpReportBlock[] {
  const blocks: RtcpReportBlock[] = [];
  for (let at = from; at + 24 <= data.length && blocks.length < count; at += 24) {
    blocks.push({
      ssrc: readU32(data, at),
      fractionLost: data[at + 4] ?? 0,
      lost: (readU32(data, at + 4) << 8) >> 8,
      highestSequence: readU32(data, at + 8),
      jitter: readU32(data, at + 12),
      lastSenderReport: readU32(data, at + 16),
      delay: readU32(data, at + 20),
    });
  }
  return blocks;
}

/** Fields of a sender report to write. */
export interface SenderReportFields {
  readonly ssrc: number;
  /** Wall clock, µs since 1970. */
  readonly wallUs: number;
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly octets: number;
}

/** A sender report without report blocks, 28 bytes. */
export function writeSenderReport(fields: SenderReportFields): Uint8Array {
  const data = head(SENDER_REPORT, 0, 28, fields.ssrc);
  const seconds = Math.floor(fields.wallUs / 1e6);
  writeU32(data, 8, seconds + NTP_TO_UNIX_S);
  writeU32(data, 12, Math.floor(((fields.wallUs - seconds * 1e6) * 2 ** 32) / 1e6));
  writeU32(data, 16, fields.rtpTimestamp);
  writeU32(data, 20, fields.packets);
  writeU32(data, 24, fields.octets);
  return data;
}

/** A receiver report of at most 31 blocks. */
export function writeReceiverReport(ssrc: number, blocks: readonly RtcpReportBlock[]): Uint8Array {
  if (blocks.length > 31) throw new RangeError('a receiver report holds at most 31 blocks');
  const data = head(RECEIVER_REPORT, blocks.length, 8 + blocks.length * 24, ssrc);
  for (const [index, block] of blocks.entries()) {
    const at = 8 + index * 24;
    writeU32(data, at, block.ssrc);
    writeU32(data, at + 4, (block.fractionLost << 24) | (block.lost & 0xff_ffff));
    writeU32(data, at + 8, block.highestSequence);
    writeU32(data, at + 12, block.jitter);
    writeU32(data, at + 16, block.lastSenderReport);
    writeU32(data, at + 20, block.delay);
  }
  return data;
}

/** A source description with a CNAME of at most 255 bytes. */
export function writeSourceDescription(ssrc: number, cname: string): Uint8Array {
  const name = new TextEncoder().encode(cname).subarray(0, 255);
  // Items end with at least one zero byte, up to a multiple of four (RFC 3550 §6.5).
  const data = head(SOURCE_DESCRIPTION, 1, Math.ceil((8 + 2 + name.length + 1) / 4) * 4, ssrc);
  data[8] = 1;
  data[9] = name.length;
  data.set(name, 10);
  return data;
}

/** The end of one source. */
export function writeBye(ssrc: number): Uint8Array {
  return head(BYE, 1, 8, ssrc);
}

/** Packets of one datagram. */
export function compoundRtcp(...packets: readonly Uint8Array[]): Uint8Array {
  const data = new Uint8Array(packets.reduce((sum, packet) => sum + packet.length, 0));
  let at = 0;
  for (const packet of packets) {
    data.set(packet, at);
    at += packet.length;
  }
  return data;
}

function head(type: number, count: number, bytes: number, ssrc: number): Uint8Array {
  const data = new Uint8Array(bytes);
  const words = bytes / 4 - 1;
  data[0] = 0x80 | count;
  data[1] = type;
  data[2] = words >> 8;
  data[3] = words & 0xff;
  writeU32(data, 4, ssrc);
  return data;
}
