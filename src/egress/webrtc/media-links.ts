import type { Socket as UdpSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import { encodeTcpFrame } from 'werift';

/** A way to one remote address over the shared port. */
export interface MediaLink {
  readonly transport: 'udp' | 'tcp';
  /** Remote address without the IPv6 dress of an IPv4 peer. */
  readonly host: string;
  readonly port: number;
  /** Bytes that wait in this process to be sent: for UDP those of all viewers, since they share a socket. */
  readonly queuedBytes: number;
  send(data: Uint8Array): void;
}

/** Datagrams to one address. */
export class UdpLink implements MediaLink {
  readonly transport = 'udp';
  readonly host: string;
  readonly port: number;
  readonly #socket: UdpSocket;
  readonly #target: string;

  /** @param isDualStack the socket is an IPv6 one that serves IPv4 too */
  constructor(socket: UdpSocket, host: string, port: number, isDualStack: boolean) {
    this.#socket = socket;
    this.host = host;
    this.port = port;
    this.#target = isDualStack && !host.includes(':') ? `::ffff:${host}` : host;
  }

  get queuedBytes(): number {
    return this.#socket.getSendQueueSize();
  }

  send(data: Uint8Array): void {
    this.#socket.send(data, this.port, this.#target);
  }
}

/** One connection; each packet stands behind its length (RFC 4571). */
export class TcpLink implements MediaLink {
  readonly transport = 'tcp';
  readonly host: string;
  readonly port: number;
  readonly #socket: Socket;

  constructor(socket: Socket, host: string, port: number) {
    this.#socket = socket;
    this.host = host;
    this.port = port;
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  send(data: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(encodeTcpFrame(Buffer.from(data)));
  }

  close(): void {
    this.#socket.destroy();
  }
}
