import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { classes, parseMessage, splitTcpFrames, type Message } from 'werift';
import { SeamlineError } from '../../common/seamline-error.ts';
import { plainAddress } from '../../net/address.ts';
import { TcpLink, UdpLink, type MediaLink } from './media-links.ts';

/** One viewer of the port. Both are called only for packets that come from him. */
export interface MediaPeer {
  /** Our ICE user name fragment and password, which his checks carry (RFC 8445 §7.2.2). */
  readonly username: string;
  readonly password: string;
  /** A connectivity check whose MESSAGE-INTEGRITY is right. */
  onCheck(message: Message, link: MediaLink, data: Buffer): void;
  /** Anything else from an address that has passed a check: DTLS, RTCP. */
  onPacket(data: Buffer): void;
}

interface Registration {
  readonly peer: MediaPeer;
  /** Keys of the addresses that passed a check; the one that did so last stands at the end. */
  readonly keys: Set<string>;
}

interface KnownLink {
  readonly link: MediaLink;
  owner: Registration | undefined;
}

/** Addresses of one viewer that are remembered: one for each of his interfaces and ways. */
const MAX_LINKS = 32;

/** Connections at the same time; viewers over TCP need one or two each. */
const MAX_CONNECTIONS = 1000;

/** A connection that shows no right check within this time is closed. */
const TCP_CHECK_MS = 10_000;

/** Tries to find one number that is free for UDP and for TCP. */
const MAX_TRIES = 40;

/**
 * One port for the media of all viewers, UDP and TCP: who a packet belongs to is told by its sender's address, and whose
 * an address is by the connectivity checks that come from it (RFC 8445 §7.3, RFC 6544 for TCP).
 */
export class MediaPort {
  readonly #host: string;
  readonly #registrations = new Map<string, Registration>();
  readonly #links = new Map<string, KnownLink>();
  readonly #connections = new Set<Socket>();
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;

  /** @param host address to bind; "::" serves IPv4 and IPv6 */
  constructor(host: string) {
    this.#host = host;
  }

  /** The port in use; 0 before `listen`. */
  get port(): number {
    return this.#udp?.address().port ?? 0;
  }

  /** @param port 0 for any that is free for both. @throws SeamlineError `port-in-use` */
  async listen(port: number): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const udp = await bindUdp(this.#host, port);
      const tcp = udp === undefined ? undefined : await this.#bindTcp(udp.address().port);
      if (udp !== undefined && tcp !== undefined) {
        this.#udp = udp;
        this.#tcp = tcp;
        udp.on('message', (data, { address, port: from }) => this.#onDatagram(data, plainAddress(address), from));
        // A datagram that cannot be sent is lost, as any other may be; his silence ends the viewer's session.
        udp.on('error', () => undefined);
        return;
      }
      udp?.close();
      if (port === 0 && attempt < MAX_TRIES) continue;
      const message = `port ${port} of UDP or TCP is taken by another program; set webrtc.port`;
      throw new SeamlineError('port-in-use', message);
    }
  }

  /** Takes a viewer's packets from now on. @returns what ends that */
  register(peer: MediaPeer): () => void {
    const registration: Registration = { peer, keys: new Set() };
    this.#registrations.set(peer.username, registration);
    return () => {
      if (this.#registrations.get(peer.username) === registration) this.#registrations.delete(peer.username);
      for (const key of registration.keys) this.#forget(key, registration);
    };
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    const [udp, tcp] = [this.#udp, this.#tcp];
    this.#udp = undefined;
    this.#tcp = undefined;
    for (const socket of this.#connections) socket.destroy();
    await Promise.all([
      udp === undefined ? undefined : new Promise<void>((resolve) => udp.close(() => resolve())),
      tcp === undefined ? undefined : new Promise<void>((resolve) => void tcp.close(() => resolve())),
    ]);
  }

  #onDatagram(data: Buffer, host: string, port: number): void {
    const key = `udp ${host} ${port}`;
    const socket = this.#udp;
    if (socket === undefined) return;
    const make = (): MediaLink => new UdpLink(socket, host, port, this.#host.includes(':'));
    this.#take(key, data, this.#links.get(key), make);
  }

  /** @returns true when the packet belongs to a viewer */
  #take(key: string, data: Buffer, known: KnownLink | undefined, make: () => MediaLink): boolean {
    const check = this.#authenticated(data);
    if (check === 'none') {
      known?.owner?.peer.onPacket(data);
      return known?.owner !== undefined;
    }
    if (check === 'wrong') return false;
    const entry = known ?? { link: make(), owner: undefined };
    this.#links.set(key, entry);
    if (entry.owner !== check.owner) entry.owner?.keys.delete(key);
    entry.owner = check.owner;
    this.#remember(key, check.owner);
    check.owner.peer.onCheck(check.message, entry.link, data);
    return true;
  }

  /** The check in a packet and whose it is; `none` for a packet that is no check. */
  #authenticated(data: Buffer): { readonly message: Message; readonly owner: Registration } | 'none' | 'wrong' {
    // STUN, DTLS and SRTP differ in their first byte (RFC 7983 §7); the rest of a STUN packet is looked at by the parser.
    if (data.length === 0 || data[0]! > 3) return 'none';
    const message = parseMessage(data);
    if (message?.messageClass !== classes.REQUEST) return 'wrong';
    const [username = ''] = String(message.getAttributeValue('USERNAME') ?? '').split(':');
    const owner = this.#registrations.get(username);
    if (owner === undefined) return 'wrong';
    // With the key, a packet without the right MESSAGE-INTEGRITY is none.
    return parseMessage(data, Buffer.from(owner.peer.password)) === undefined ? 'wrong' : { message, owner };
  }

  #remember(key: string, owner: Registration): void {
    owner.keys.delete(key);
    owner.keys.add(key);
    const [oldest] = owner.keys;
    if (owner.keys.size > MAX_LINKS && oldest !== undefined) {
      owner.keys.delete(oldest);
      this.#forget(oldest, owner);
    }
  }

  #forget(key: string, owner: Registration): void {
    const known = this.#links.get(key);
    if (known?.owner !== owner) return;
    this.#links.delete(key);
    if (known.link instanceof TcpLink) known.link.close();
  }

  async #bindTcp(port: number): Promise<Server | undefined> {
    const server = createServer((socket) => this.#onConnection(socket));
    server.maxConnections = MAX_CONNECTIONS;
    try {
      server.listen({ host: this.#host, port, exclusive: true });
      await once(server, 'listening');
      return server;
    } catch {
      // Taken; the caller frees the UDP port of the same number.
      return undefined;
    }
  }

  #onConnection(socket: Socket): void {
    const host = plainAddress(socket.remoteAddress ?? '');
    const key = `tcp ${host} ${socket.remotePort}`;
    const link = new TcpLink(socket, host, socket.remotePort ?? 0);
    let rest: Buffer = Buffer.alloc(0);
    const late = setTimeout(() => socket.destroy(), TCP_CHECK_MS);
    this.#connections.add(socket);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      const split = splitTcpFrames(Buffer.concat([rest, chunk]));
      rest = split.rest;
      for (const frame of split.frames) {
        if (frame.length === 0) continue;
        if (!this.#take(key, frame, this.#links.get(key), () => link)) {
          socket.destroy();
          break;
        }
        clearTimeout(late);
      }
    });
    // 'close' follows and does what is to be done.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(late);
      this.#connections.delete(socket);
      const owner = this.#links.get(key)?.owner;
      owner?.keys.delete(key);
      this.#links.delete(key);
    });
  }
}

async function bindUdp(host: string, port: number): Promise<UdpSocket | undefined> {
  const socket = createSocket({
    type: host.includes(':') ? 'udp6' : 'udp4',
    // Only addresses are sent to; Node would hand each of them to its resolver, once a packet.
    lookup: (name, _options, done) => done(null, name, name.includes(':') ? 6 : 4),
  });
  try {
    // With that lookup the event comes before bind() returns.
    const listening = once(socket, 'listening');
    socket.bind({ address: host, port, exclusive: true });
    await listening;
    return socket;
  } catch {
    // Taken, or not an address of this machine: the caller says so.
    socket.close();
    return undefined;
  }
}
