import { RtpHeader, RtpPacket, type RTCPeerConnection, type RTCRtpSender } from 'werift';
import type { Clock } from '../../common/clock.ts';
import type { AccessUnit } from '../../contract/access-unit.ts';
import { rtpPayloads } from '../rtp-payloads.ts';
import type { StreamHub } from '../stream-hub.ts';
import type { StreamReader } from '../stream-reader.ts';
import type { SharedPortProtocol } from './ice-agent.ts';
import { SentPackets } from './sent-packets.ts';

/** Shortest pause between two key frames that one viewer gets for his losses: a bad line must not cost the others bits. */
const LOSS_KEYFRAME_US = 1_000_000;

/** A viewer whose browser checks the connection no more for this long is gone; they check every few seconds (RFC 7675). */
const SILENCE_US = 15_000_000;

/** Playout delay 0 … 0 (12 bits each): the browser shows a picture as soon as it is decoded. */
const NO_PLAYOUT_DELAY = Buffer.from([0, 0, 0]);

/** What a session is made of. */
export interface WebRtcSessionOptions {
  /** Unguessable; whoever knows it may end the session. */
  readonly id: string;
  readonly hub: StreamHub;
  /** Address of the viewer's HTTP request, for the log. */
  readonly client: string;
  readonly connection: RTCPeerConnection;
  readonly sender: RTCRtpSender;
  /** The way to the viewer. */
  readonly protocol: SharedPortProtocol;
  /** Id of the playout-delay header extension, when the viewer knows it. */
  readonly playoutDelayId: number | undefined;
  readonly firstSequence: number;
  readonly clock: Clock;
  /** Called once when it has ended, whoever ended it. */
  readonly onClosed: (session: WebRtcSession, reason: string) => void;
}

/** One viewer over WebRTC: from the answer to his offer until he leaves, falls silent or the stream ends. */
export class WebRtcSession implements StreamReader {
  readonly protocol = 'webrtc';
  readonly id: string;
  readonly hub: StreamHub;
  readonly name: string;
  readonly #options: WebRtcSessionOptions;
  readonly #packets: SentPackets;
  #sequence: number;
  #unsubscribe: (() => void) | undefined;
  #lossUs = -Infinity;
  #seenUs: number;
  #closing: Promise<void> | undefined;

  constructor(options: WebRtcSessionOptions) {
    this.id = options.id;
    this.hub = options.hub;
    this.name = options.client;
    this.#options = options;
    this.#packets = new SentPackets(options.sender);
    this.#sequence = options.firstSequence;
    this.#seenUs = options.clock.nowUs();
    const { connection, sender } = options;
    connection.connectionStateChange.subscribe((state) => {
      if (state === 'connected') this.#start();
      else if (state === 'failed' || state === 'closed') void this.close('the viewer is gone');
    });
    sender.onPictureLossIndication.subscribe(() => this.#askForKeyframe());
  }

  /** True once pictures are sent. */
  get isConnected(): boolean {
    return this.#unsubscribe !== undefined;
  }

  /** The viewer's browser has checked the connection. */
  touch(): void {
    this.#seenUs = this.#options.clock.nowUs();
  }

  /** Ends a session whose viewer is silent. */
  tick(): void {
    if (this.#options.clock.nowUs() - this.#seenUs > SILENCE_US) void this.close('the viewer is silent');
  }

  onFormat(): void {
    // Parameter sets travel with every key frame.
  }

  onUnit(unit: AccessUnit): void {
    const { playoutDelayId } = this.#options;
    const timestamp = unit.ptsTicks % 2 ** 32;
    const extensions = playoutDelayId === undefined ? [] : [{ id: playoutDelayId, payload: NO_PLAYOUT_DELAY }];
    for (const { payload, marker } of rtpPayloads(unit)) {
      const header = new RtpHeader({
        version: 2,
        sequenceNumber: this.#sequence,
        timestamp,
        marker,
        extension: extensions.length > 0,
        extensions,
      });
      this.#sequence = (this.#sequence + 1) & 0xffff;
      const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
      this.#packets.send(new RtpPacket(header, bytes));
    }
  }

  isFull(): boolean {
    return this.#options.protocol.isFull;
  }

  onEnd(reason: string): void {
    void this.close(reason);
  }

  /** Ends the session and frees its ports. Safe to call twice. */
  close(reason: string): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: string): Promise<void> {
    this.#unsubscribe?.();
    this.#options.onClosed(this, reason);
    await this.#options.connection.close();
  }

  #start(): void {
    if (this.#unsubscribe !== undefined || this.#closing !== undefined) return;
    // The hub may hand over pictures, or end, before it returns.
    this.#unsubscribe = () => undefined;
    const unsubscribe = this.hub.subscribe(this);
    if (this.#closing === undefined) this.#unsubscribe = unsubscribe;
    else unsubscribe();
  }

  #askForKeyframe(): void {
    const nowUs = this.#options.clock.nowUs();
    if (nowUs - this.#lossUs < LOSS_KEYFRAME_US) return;
    this.#lossUs = nowUs;
    this.hub.requestKeyframe();
  }
}
