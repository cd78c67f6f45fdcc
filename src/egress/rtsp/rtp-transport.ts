import type { Socket } from 'node:net';
import type { RtpPayload } from '../../media/rtp/h264-packetizer.ts';
import { RTP_HEADER_BYTES } from '../../media/rtp/packet.ts';
import { formatInterleaved } from '../../media/rtsp-message.ts';
import type { RtpStream } from './rtp-stream.ts';
import type { UdpPorts } from './udp-ports.ts';

/** How the packets of one session reach its client. */
export interface RtpTransport {
  /** Value of the Transport header of the reply, without `ssrc`. */
  readonly description: string;
  readonly kind: 'tcp' | 'udp';
  /** Sends every packet of one access unit. */
  sendUnit(stream: RtpStream, payloads: readonly RtpPayload[], ptsTicks: number): void;
  sendControl(data: Uint8Array): void;
  /** True while more waits to be sent than may. */
  isFull(): boolean;
}

/** `$`, channel and length before each packet (RFC 2326 §10.12). */
const INTERLEAVED_HEADER_BYTES = 4;

/** RTP inside the RTSP connection. One access unit is one write. */
export class InterleavedTransport implements RtpTransport {
  readonly kind = 'tcp';
  readonly rtpChannel: number;
  readonly rtcpChannel: number;
  /** The connection that carries the packets. */
  readonly socket: Socket;
  readonly #maxQueuedBytes: number;

  /** @param maxQueuedBytes what may wait in this process beside what the system's socket buffer holds */
  constructor(socket: Socket, channels: readonly [number, number], maxQueuedBytes: number) {
    this.socket = socket;
    [this.rtpChannel, this.rtcpChannel] = channels;
    this.#maxQueuedBytes = maxQueuedBytes;
  }

  get description(): string {
    return `RTP/AVP/TCP;unicast;interleaved=${this.rtpChannel}-${this.rtcpChannel}`;
  }

  sendUnit(stream: RtpStream, payloads: readonly RtpPayload[], ptsTicks: number): void {
    const perPacket = INTERLEAVED_HEADER_BYTES + RTP_HEADER_BYTES;
    const bytes = Buffer.allocUnsafe(payloads.reduce((sum, { payload }) => sum + perPacket + payload.length, 0));
    let at = 0;
    for (const { payload, marker } of payloads) {
      bytes[at] = 0x24;
      bytes[at + 1] = this.rtpChannel;
      bytes.writeUInt16BE(RTP_HEADER_BYTES + payload.length, at + 2);
      stream.writeHeader(bytes, at + INTERLEAVED_HEADER_BYTES, marker, ptsTicks);
      bytes.set(payload, at + perPacket);
      at += perPacket + payload.length;
    }
    stream.countSent(payloads.length, bytes.length - payloads.length * perPacket);
    if (this.socket.writable) this.socket.write(bytes);
  }

  sendControl(data: Uint8Array): void {
    if (this.socket.writable) this.socket.write(formatInterleaved(this.rtcpChannel, data));
  }

  isFull(): boolean {
    return this.socket.writableLength > this.#maxQueuedBytes;
  }
}

/** RTP in datagrams to the address that the RTSP connection comes from, and to no other. */
export class UdpTransport implements RtpTransport {
  readonly kind = 'udp';
  readonly address: string;
  readonly #clientPorts: readonly [number, number];
  readonly #ports: UdpPorts;

  constructor(ports: UdpPorts, address: string, clientPorts: readonly [number, number]) {
    this.address = address;
    this.#clientPorts = clientPorts;
    this.#ports = ports;
  }

  /** Port that the client's reports come from. */
  get rtcpPort(): number {
    return this.#clientPorts[1];
  }

  get description(): string {
    const [rtp, rtcp] = this.#clientPorts;
    const server = `${this.#ports.rtpPort}-${this.#ports.rtcpPort}`;
    return `RTP/AVP;unicast;client_port=${rtp}-${rtcp};server_port=${server}`;
  }

  sendUnit(stream: RtpStream, payloads: readonly RtpPayload[], ptsTicks: number): void {
    let payloadBytes = 0;
    for (const { payload, marker } of payloads) {
      const packet = Buffer.allocUnsafe(RTP_HEADER_BYTES + payload.length);
      stream.writeHeader(packet, 0, marker, ptsTicks);
      packet.set(payload, RTP_HEADER_BYTES);
      payloadBytes += payload.length;
      this.#ports.sendRtp(packet, this.address, this.#clientPorts[0]);
    }
    stream.countSent(payloads.length, payloadBytes);
  }

  sendControl(data: Uint8Array): void {
    this.#ports.sendRtcp(data, this.address, this.#clientPorts[1]);
  }

  /** Datagrams never wait for their receiver. */
  isFull(): boolean {
    return false;
  }
}
