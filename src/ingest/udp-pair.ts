import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { SeamlineError } from '../common/seamline-error.ts';

/** Receives a datagram of the camera. */
export type DatagramSink = (data: Uint8Array) => void;

/** Tries to find two free ports side by side. */
const ATTEMPTS = 20;
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;

/** Two UDP ports, RTP on the even one and RTCP on the next (RFC 3550 §11), that take packets of one address only. */
export class UdpPair {
  readonly rtpPort: number;
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  readonly #address: string;
  #serverPorts: readonly [number, number] | undefined;
  #isClosed = false;

  private constructor(rtp: Socket, rtcp: Socket, rtpPort: number, address: string) {
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.rtpPort = rtpPort;
    this.#address = address;
  }

  /** @param address the camera's; packets from elsewhere are ignored. @throws SeamlineError when no two ports are free */
  static async open(address: string, onRtp: DatagramSink, onRtcp: DatagramSink): Promise<UdpPair> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const rtp = await bound(address, 0);
      const port = rtp?.address().port ?? 1;
      const rtcp = port % 2 === 0 ? await bound(address, port + 1) : undefined;
      if (rtp !== undefined && rtcp !== undefined) {
        const pair = new UdpPair(rtp, rtcp, port, address);
        pair.#listen(onRtp, onRtcp);
        return pair;
      }
      rtp?.close();
    }
    throw new SeamlineError('source-unreachable', 'no two UDP ports side by side are free on this machine');
  }

  /**
   * Tells the ports of the camera and opens the way through firewalls and NAT by a packet from each of ours.
   */
  punch(rtpPort: number, rtcpPort: number): void {
    this.#serverPorts = [rtpPort, rtcpPort];
    // An RTP header without payload and an empty receiver report: harmless to whoever gets them.
    this.#send(this.#rtp, Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), rtpPort);
    this.#send(this.#rtcp, Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 0), rtcpPort);
  }

  sendRtcp(data: Uint8Array): void {
    if (this.#serverPorts !== undefined) this.#send(this.#rtcp, data, this.#serverPorts[1]);
  }

  /** Safe to call twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#rtp.close();
    this.#rtcp.close();
  }

  #listen(onRtp: DatagramSink, onRtcp: DatagramSink): void {
    for (const [socket, sink] of [
      [this.#rtp, onRtp],
      [this.#rtcp, onRtcp],
    ] as const) {
      socket.on('message', (data, from) => {
        if (from.address === this.#address) sink(data);
      });
      // "Port unreachable" of a camera that has gone: the missing packets tell the same.
      socket.on('error', () => undefined);
    }
    try {
      this.#rtp.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
    } catch {
      // The system's limit is lower: its default must do.
    }
  }

  #send(socket: Socket, data: Uint8Array, port: number): void {
    if (!this.#isClosed && port > 0 && port < 65_536) socket.send(data, port, this.#address, () => undefined);
  }
}

function bound(address: string, port: number): Promise<Socket | undefined> {
  const isV6 = isIPv6(address);
  const socket = createSocket(isV6 ? 'udp6' : 'udp4');
  return new Promise((resolve) => {
    socket.once('error', () => {
      socket.close();
      resolve(undefined);
    });
    socket.bind(port, isV6 ? '::' : '0.0.0.0', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}
