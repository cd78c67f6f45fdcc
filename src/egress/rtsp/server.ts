import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { RtspAuthenticator, type RtspUser } from '../../auth/rtsp-digest.ts';
import type { Clock } from '../../common/clock.ts';
import { RateReporter } from '../../common/rate-reporter.ts';
import { SeamlineError } from '../../common/seamline-error.ts';
import { parseRtcp } from '../../media/rtp/rtcp.ts';
import type { Logger } from '../../logging/logger.ts';
import { plainAddress } from '../../net/address.ts';
import type { StreamHub } from '../stream-hub.ts';
import type { StreamRegistry } from '../stream-registry.ts';
import { RtspConnection } from './connection.ts';
import type { RtspContext } from './context.ts';
import { RtpStream } from './rtp-stream.ts';
import { UdpTransport, type RtpTransport } from './rtp-transport.ts';
import { RtspSession } from './session.ts';
import { UdpPorts } from './udp-ports.ts';

/** What an RTSP server is made of. */
export interface RtspServerOptions {
  /** Address to bind; "::" serves IPv4 and IPv6. */
  readonly host: string;
  /** TCP port, 8554 by habit; 0 for any free one. */
  readonly port: number;
  readonly registry: StreamRegistry;
  readonly clock: Clock;
  readonly log: Logger;
  /** Who may play; without users and tokens: everyone. */
  readonly users?: readonly RtspUser[];
  /** Passwords under any name. */
  readonly tokens?: readonly string[];
  /** Even UDP port for RTP, RTCP one above; 0 for any free pair, undefined for no UDP at all. */
  readonly udpPort?: number | undefined;
  readonly maxSessions?: number;
  /** Connections at the same time, of which one address gets half at most; twice as many as sessions, 512 at least. */
  readonly maxConnections?: number;
  readonly sessionTimeoutS?: number;
  readonly describeTimeoutMs?: number;
  readonly playTimeoutMs?: number;
  readonly maxQueuedBytes?: number;
  /** The time of day, ms since 1970. */
  readonly wallClockMs?: () => number;
}

const MAX_SESSIONS = 256;
const MIN_CONNECTIONS = 512;

/** Every how often sessions are looked at for reports and silence. */
const SWEEP_MS = 500;
/** Refused connections are logged no more often. */
const REPORT_MS = 10_000;

/** Serves every stream of the registry by RTSP 1.0 (RFC 2326), play only, over TCP and UDP. */
export class RtspServer {
  readonly #options: RtspServerOptions;
  readonly #server: Server;
  readonly #connections = new Set<RtspConnection>();
  /** Connections of each address. */
  readonly #byAddress = new Map<string, number>();
  readonly #refusals: RateReporter<string>;
  readonly #sessions = new Map<string, RtspSession>();
  readonly #maxConnections: number;
  #udp: UdpPorts | undefined;
  #context: RtspContext | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RtspServerOptions) {
    this.#options = options;
    const { maxSessions = MAX_SESSIONS, clock, log } = options;
    this.#maxConnections = options.maxConnections ?? Math.max(MIN_CONNECTIONS, 2 * maxSessions);
    this.#refusals = new RateReporter(
      clock,
      (count, client) => log.warn('rtsp connections refused, there are too many', { count, client }),
      REPORT_MS,
    );
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  /** TCP port that is listened on; 0 before `listen`. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Sessions at this moment, playing or ready. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** @throws SeamlineError `port-in-use` */
  async listen(): Promise<void> {
    const { host, port, udpPort } = this.#options;
    if (udpPort !== undefined)
      this.#udp = await UdpPorts.open(host, udpPort, (...packet) => this.#takeControl(...packet));
    this.#context = this.#makeContext();
    try {
      this.#server.listen({ host, port });
      await once(this.#server, 'listening');
    } catch (cause) {
      await this.#udp?.close();
      throw new SeamlineError('port-in-use', `RTSP port ${port} cannot be listened on; another program has it`, {
        cause,
      });
    }
    const { sessionTimeoutS } = this.#context;
    this.#sweep = setInterval(() => {
      for (const session of this.#sessions.values()) session.tick(sessionTimeoutS * 1e6);
      for (const connection of this.#connections) connection.tick(sessionTimeoutS * 1e6);
    }, SWEEP_MS);
    this.#options.log.info('rtsp server listens', { port: this.port, udpPort: this.#udp?.rtpPort });
  }

  /** Ends every session in order and frees the ports. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#sweep);
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    for (const session of [...this.#sessions.values()]) session.close('the server stops');
    await Promise.all([...this.#connections].map((connection) => connection.close('the server stops')));
    await closed;
    await this.#udp?.close();
  }

  #makeContext(): RtspContext {
    const { registry, log, clock, users = [], tokens = [] } = this.#options;
    const isOpen = users.length === 0 && tokens.length === 0;
    return {
      registry,
      log,
      authenticator: isOpen ? undefined : new RtspAuthenticator({ realm: 'Seamline', users, tokens, clock }),
      udp: this.#udp,
      describeTimeoutMs: this.#options.describeTimeoutMs ?? 10_000,
      playTimeoutMs: this.#options.playTimeoutMs ?? 2000,
      sessionTimeoutS: this.#options.sessionTimeoutS ?? 60,
      maxQueuedBytes: this.#options.maxQueuedBytes ?? 1024 * 1024,
      descriptionId: randomInt(1, 2 ** 47),
      sessions: () => [...this.#sessions.values()],
      session: (id) => this.#sessions.get(id),
      openSession: (hub, client, transport) => this.#openSession(hub, client, transport),
    };
  }

  #accept(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress ?? '');
    const own = this.#byAddress.get(address) ?? 0;
    // Without a limit for each, one client that opens and keeps them would lock all others out.
    const isFull = this.#connections.size >= this.#maxConnections || own >= Math.ceil(this.#maxConnections / 2);
    if (isFull) this.#refusals.note(address);
    if (this.#context === undefined || this.#closing !== undefined || isFull) {
      socket.destroy();
      return;
    }
    this.#byAddress.set(address, own + 1);
    const { clock } = this.#options;
    const connection = new RtspConnection(
      this.#context,
      socket,
      () => clock.nowUs(),
      (closed) => {
        this.#connections.delete(closed);
        const left = (this.#byAddress.get(address) ?? 1) - 1;
        if (left > 0) this.#byAddress.set(address, left);
        else this.#byAddress.delete(address);
      },
    );
    this.#connections.add(connection);
  }

  #openSession(hub: StreamHub, client: string, transport: RtpTransport): RtspSession | undefined {
    const { clock, log, wallClockMs = Date.now, maxSessions = MAX_SESSIONS } = this.#options;
    if (this.#sessions.size >= maxSessions) return undefined;
    const session = new RtspSession({
      id: randomBytes(12).toString('hex').toUpperCase(),
      hub,
      client,
      transport,
      stream: new RtpStream({
        ssrc: randomInt(1, 2 ** 32),
        firstSequence: randomInt(2 ** 16),
        timestampOffset: randomInt(2 ** 32),
      }),
      clock,
      wallClockMs,
      onClosed: (closed, reason, byStream) => {
        this.#sessions.delete(closed.id);
        log.info('rtsp session closed', { client: closed.name, path: hub.path, reason });
        if (byStream) this.#dropConnection(closed.transport, reason);
      },
    });
    this.#sessions.set(session.id, session);
    log.info('rtsp session opened', { client: session.name, path: hub.path });
    return session;
  }

  /** Players over TCP take the end of the connection for the end of the stream; RTCP BYE alone is not read by all. */
  #dropConnection(transport: RtpTransport, reason: string): void {
    for (const connection of this.#connections) if (connection.carries(transport)) void connection.close(reason);
  }

  /** Receiver reports name the stream that they are about; before the first packet they come without, from a known port. */
  #takeControl(data: Uint8Array, address: string, port: number): void {
    const ssrcs = new Set<number>();
    try {
      for (const packet of parseRtcp(data)) {
        if (packet.kind === 'receiver-report' || packet.kind === 'sender-report') {
          for (const block of packet.reports) ssrcs.add(block.ssrc);
        }
      }
    } catch {
      // Anyone may send rubbish to an open port.
      return;
    }
    for (const session of this.#sessions.values()) {
      const { transport } = session;
      if (!(transport instanceof UdpTransport) || transport.address !== address) continue;
      if (ssrcs.has(session.stream.ssrc) || transport.rtcpPort === port) session.touch();
    }
  }
}
