import { RTP_HEADER_BYTES, writeRtpHeader } from '../../src/media/rtp/packet.ts';

/** How the packets of one picture look. */
export interface PacketStyle {
  readonly codec: 'h264' | 'h265';
  readonly timestamp: number;
  /** Of the first packet. */
  readonly sequence: number;
  readonly marker: 'last' | 'every-slice' | 'parameter-sets' | 'never';
  readonly leavesOutSets: boolean;
}

const MAX_PAYLOAD_BYTES = 1000;

/** RTP packets of a picture, payload type 96: single units and fragments (RFC 6184 §5.8, RFC 7798 §4.4.3). */
export function rtpPackets(nals: readonly Uint8Array[], style: PacketStyle): Uint8Array[] {
  const isSet = (nal: Uint8Array): boolean =>
    style.codec === 'h264' ? [7, 8].includes((nal[0] ?? 0) & 31) : [32, 33, 34].includes((nal[0] ?? 0) >> 1);
  const sent = nals.filter((nal) => !(style.leavesOutSets && isSet(nal)));
  const payloads = sent.flatMap((nal, at) => {
    const parts = nal.length <= MAX_PAYLOAD_BYTES ? [nal] : fragments(nal, style.codec);
    const isLastNal = at === sent.length - 1;
    return parts.map((payload, part) => {
      const endsNal = part === parts.length - 1;
      const isMarked =
        style.marker !== 'never' &&
        endsNal &&
        (isLastNal ||
          (style.marker === 'every-slice' && !isSet(nal)) ||
          (style.marker === 'parameter-sets' && isSet(nal)));
      return { payload, isMarked };
    });
  });
  return payloads.map(({ payload, isMarked }, at) => {
    const packet = new Uint8Array(RTP_HEADER_BYTES + payload.length);
    const sequence = style.sequence + at;
    writeRtpHeader(packet, { marker: isMarked, payloadType: 96, sequence, timestamp: style.timestamp, ssrc: 1 });
    packet.set(payload, RTP_HEADER_BYTES);
    return packet;
  });
}

function fragments(nal: Uint8Array, codec: 'h264' | 'h265'): Uint8Array[] {
  const headerBytes = codec === 'h264' ? 1 : 2;
  const parts: Uint8Array[] = [];
  for (let at = headerBytes; at < nal.length; at += MAX_PAYLOAD_BYTES) {
    const end = Math.min(nal.length, at + MAX_PAYLOAD_BYTES);
    const flags = (at === headerBytes ? 0x80 : 0) | (end === nal.length ? 0x40 : 0);
    const [first = 0, second = 0] = nal;
    const head =
      codec === 'h264'
        ? [(first & 0xe0) | 28, flags | (first & 31)]
        : [(first & 0x81) | (49 << 1), second, flags | ((first >> 1) & 63)];
    parts.push(Uint8Array.from([...head, ...nal.subarray(at, end)]));
  }
  return parts;
}
