import { RtpPacket, type RTCRtpSender } from 'werift';

/** Packets that werift itself can send again; a key frame in one burst is longer. */
const KEPT_BY_WERIFT = 128;
/** Packets kept here: more than a second at 8 Mbit/s. A power of two, so that the sequence's wrap keeps the order. */
const KEPT = 1024;

/**
 * Remembers what one viewer was sent, and sends again what he misses (generic NACK, RFC 4585, 6.2.1) and werift has
 * forgotten already: the same packet once more, as without RTX. Younger ones werift repeats by RTX (RFC 4588).
 */
export class SentPackets {
  readonly #sender: RTCRtpSender;
  readonly #packets: (RtpPacket | undefined)[] = Array.from({ length: KEPT });
  #newest: number | undefined;

  constructor(sender: RTCRtpSender) {
    this.#sender = sender;
    sender.onGenericNack.subscribe(({ lost }) => this.#repeat(lost));
  }

  /** Sends a packet for the first time. Never rejects: a connection that breaks reports itself by its state. */
  send(packet: RtpPacket): void {
    const { sequenceNumber } = packet.header;
    this.#packets[sequenceNumber % KEPT] = packet;
    this.#newest = sequenceNumber;
    this.#sender.sendRtp(packet).catch(() => undefined);
  }

  #repeat(lost: readonly number[]): void {
    for (const sequence of lost) {
      const packet = this.#packets[sequence % KEPT];
      if (packet?.header.sequenceNumber !== sequence || this.#isKeptByWerift(sequence)) continue;
      const { codec, ssrc, dtlsTransport } = this.#sender;
      if (codec === undefined) return;
      const again = packet.clone();
      again.header.ssrc = ssrc;
      again.header.payloadType = codec.payloadType;
      dtlsTransport.sendRtp(again.payload, again.header).catch(() => undefined);
    }
  }

  #isKeptByWerift(sequence: number): boolean {
    return this.#newest !== undefined && ((this.#newest - sequence) & 0xffff) < KEPT_BY_WERIFT;
  }
}
