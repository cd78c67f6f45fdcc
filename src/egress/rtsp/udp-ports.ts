import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { SeamlineError } from '../../common/seamline-error.ts';

/** Tries to find two free neighbours before giving up. */
const MAX_TRIES = 40;

/** Called for each RTCP packet that comes in. */
export type ControlListener = (data: Uint8Array, address: string, port: number) => void;

/** The two UDP ports that all sessions over UDP share: RTP leaves from the even one, RTCP comes to the odd one. */
export class UdpPorts {
  readonly rtpPort: number;
  readonly rtcpPort: number;
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  #closing: Promise<void> | undefined;

  private constructor(rtp: Socket, rtcp: Socket, onControl: ControlListener) {
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.rtpPort = rtp.address().port;
    this.rtcpPort = rtcp.address().port;
    rtcp.on('message', (data, { address, port }) => onControl(data, address, port));
    // Errors of single packets (a host that is not there) are the receiver's loss; his session ends by its timeout.
    rtp.on('error', () => undefined);
    rtcp.on('error', () => undefined);
  }

  /**
   * @param host address to bind, IPv4 or IPv6; "::" serves both
   * @param port even RTP port, or 0 for any free pair
   * @throws SeamlineError `port-in-use` when one of the two is taken
   */
  static async open(host: string, port: number, onControl: ControlListener): Promise<UdpPorts> {
    for (let attempt = 0; ; attempt += 1) {
      const rtp = await bind(host, port);
      const rtpPort = rtp?.address().port ?? 0;
      const rtcp = rtp !== undefined && rtpPort % 2 === 0 ? await bind(host, rtpPort + 1) : undefined;
      if (rtp !== undefined && rtcp !== undefined) return new UdpPorts(rtp, rtcp, onControl);
      rtp?.close();
      if (port === 0 && attempt < MAX_TRIES) continue;
      throw new SeamlineError(
        'port-in-use',
        `UDP port ${port} or the one after it is taken by another program; set rtsp.udpPort`,
      );
    }
  }

  sendRtp(data: Uint8Array, address: string, port: number): void {
    if (this.#closing === undefined) this.#rtp.send(data, port, address);
  }

  sendRtcp(data: Uint8Array, address: string, port: number): void {
    if (this.#closing === undefined) this.#rtcp.send(data, port, address);
  }

  /** Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= Promise.all([this.#rtp, this.#rtcp].map(closeSocket)).then(() => undefined);
    return this.#closing;
  }
}

async function bind(host: string, port: number): Promise<Socket | undefined> {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
  try {
    socket.bind({ address: host, port, exclusive: true });
    await once(socket, 'listening');
    return socket;
  } catch {
    // Taken, or one of a pair that must not be used: the caller tries the next.
    socket.close();
    return undefined;
  }
}

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve());
  });
}
