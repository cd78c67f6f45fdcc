import type { AccessUnit } from '../contract/access-unit.ts';
import { splitAvcc } from '../media/h264/avcc.ts';
import { packetizeH264, type RtpPayload } from '../media/rtp/h264-packetizer.ts';

/** Longest RTP payload: with RTP, SRTP, UDP and IPv6 headers it stays below the 1,280 bytes that every IPv6 path carries. */
export const MAX_RTP_PAYLOAD_BYTES = 1200;

const cache = new WeakMap<AccessUnit, readonly RtpPayload[]>();

/** The RTP payloads of an access unit, made once for all readers of all protocols. */
export function rtpPayloads(unit: AccessUnit): readonly RtpPayload[] {
  let payloads = cache.get(unit);
  if (payloads === undefined) {
    payloads = packetizeH264(splitAvcc(unit.data), MAX_RTP_PAYLOAD_BYTES);
    cache.set(unit, payloads);
  }
  return payloads;
}
