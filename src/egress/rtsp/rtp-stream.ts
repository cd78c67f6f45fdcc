import { RTP_HEADER_BYTES, writeRtpHeader } from '../../media/rtp/packet.ts';
import { compoundRtcp, writeBye, writeSenderReport, writeSourceDescription } from '../../media/rtp/rtcp.ts';
import { H264_PAYLOAD_TYPE } from './session-description.ts';

/** Where the numbers of a stream begin; random, as RFC 3550 §5.1 asks. */
export interface RtpStreamStart {
  readonly ssrc: number;
  /** 0 … 65,535 */
  readonly firstSequence: number;
  /** Added to the 90 kHz times, 32 bit. */
  readonly timestampOffset: number;
}

/** Name of this source in RTCP (RFC 3550 §6.5.1). */
const CNAME = 'seamline';

/** Numbers and counts of the RTP stream of one session (RFC 3550 §5.1, §6.4.1). */
export class RtpStream {
  readonly ssrc: number;
  readonly #timestampOffset: number;
  #sequence: number;
  #packets = 0;
  #octets = 0;

  constructor(start: RtpStreamStart) {
    this.ssrc = start.ssrc;
    this.#sequence = start.firstSequence;
    this.#timestampOffset = start.timestampOffset;
  }

  /** Sequence number of the next packet. */
  get nextSequence(): number {
    return this.#sequence;
  }

  /** @returns the 32-bit RTP timestamp of a 90 kHz time */
  timestampOf(ptsTicks: number): number {
    return (ptsTicks + this.#timestampOffset) % 2 ** 32;
  }

  /** Writes the header of the next packet at `at`. */
  writeHeader(target: Uint8Array, at: number, marker: boolean, ptsTicks: number): void {
    writeRtpHeader(target.subarray(at, at + RTP_HEADER_BYTES), {
      marker,
      payloadType: H264_PAYLOAD_TYPE,
      sequence: this.#sequence,
      timestamp: this.timestampOf(ptsTicks),
      ssrc: this.ssrc,
    });
    this.#sequence = (this.#sequence + 1) & 0xffff;
  }

  /** Counts what was sent, for the reports. @param octets payload bytes without headers */
  countSent(packets: number, octets: number): void {
    this.#packets += packets;
    this.#octets += octets;
  }

  /** A compound sender report. @param wallMs time of day, ms since 1970 @param ptsTicks the same moment in the stream's time */
  senderReport(wallMs: number, ptsTicks: number): Uint8Array {
    return compoundRtcp(this.#senderReport(wallMs, ptsTicks), writeSourceDescription(this.ssrc, CNAME));
  }

  /** The last report, with the end of the stream. */
  bye(wallMs: number, ptsTicks: number): Uint8Array {
    const report = this.#senderReport(wallMs, ptsTicks);
    return compoundRtcp(report, writeSourceDescription(this.ssrc, CNAME), writeBye(this.ssrc));
  }

  #senderReport(wallMs: number, ptsTicks: number): Uint8Array {
    return writeSenderReport({
      ssrc: this.ssrc,
      wallUs: Math.round(wallMs * 1000),
      rtpTimestamp: this.timestampOf(ptsTicks),
      packets: this.#packets % 2 ** 32,
      octets: this.#octets % 2 ** 32,
    });
  }
}
