import { randomBytes, randomInt } from 'node:crypto';
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, useH264 } from 'werift';
import type { Clock } from '../../common/clock.ts';
import { SeamlineError } from '../../common/seamline-error.ts';
import type { Logger } from '../../logging/logger.ts';
import type { StreamHub } from '../stream-hub.ts';
import type { StreamRegistry } from '../stream-registry.ts';
import { mediaAddresses, withCandidates } from './candidates.ts';
import { SharedPortProtocol } from './ice-agent.ts';
import { MediaPort } from './media-port.ts';
import { checkOffer, playoutDelayId, PLAYOUT_DELAY_URI } from './offer.ts';
import { WebRtcSession, type WebRtcSessionOptions } from './session.ts';

/** What serving WebRTC needs. */
export interface WebRtcServerOptions {
  readonly registry: StreamRegistry;
  readonly clock: Clock;
  readonly log: Logger;
  /** Address that media is sent from and received at; 0.0.0.0 and :: mean all. */
  readonly host: string;
  /** UDP and TCP port for the media of all viewers; 0 takes any free one. */
  readonly port: number;
  /** Addresses under which this machine is reached from elsewhere; asked for at each offer, since names move. */
  readonly publicAddresses?: () => Promise<readonly string[]>;
  readonly maxSessions?: number;
  /** How long an offer waits for the first picture of a stream that has none yet. */
  readonly formatTimeoutMs?: number;
  /** A viewer who got an answer must be connected within this time. */
  readonly connectTimeoutMs?: number;
}

/** The answer to an offer. */
export interface WebRtcAnswer {
  readonly id: string;
  readonly sdp: string;
}

/** Constrained baseline, and any level that the answer does not name: the stream tells its own. */
const H264_PARAMETERS = 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f';

/** Every how often silent sessions are looked for. */
const SWEEP_MS = 1000;

/** Answers offers of viewers and sends them the streams (WebRTC; the HTTP side is WHEP). */
export class WebRtcServer {
  readonly #options: WebRtcServerOptions;
  readonly #sessions = new Map<string, WebRtcSession>();
  readonly #port: MediaPort;
  readonly #sweep: NodeJS.Timeout;
  #reserved = 0;
  #isClosed = false;

  constructor(options: WebRtcServerOptions) {
    this.#options = options;
    this.#port = new MediaPort(options.host);
    this.#sweep = setInterval(() => {
      for (const session of this.#sessions.values()) session.tick();
    }, SWEEP_MS);
    this.#sweep.unref();
  }

  /** Opens the port for media. @throws SeamlineError `port-in-use` */
  listen(): Promise<void> {
    return this.#port.listen(this.#options.port);
  }

  /** The port for media, the real one when any was asked for. */
  get port(): number {
    return this.#port.port;
  }

  /** Sessions at this moment, connected or on the way. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /**
   * Opens a session.
   * @param offer SDP of the viewer
   * @param client his address, for the log
   * @throws SeamlineError `stream-not-found`, `invalid-request`, `too-many-requests`, `timeout`
   */
  async answer(path: string, offer: string, client: string): Promise<WebRtcAnswer> {
    const { registry, maxSessions = 50, formatTimeoutMs = 10_000 } = this.#options;
    const hub = registry.get(path);
    if (hub === undefined || this.#isClosed) {
      throw new SeamlineError('stream-not-found', `no job publishes at the path ${path}`);
    }
    checkOffer(offer);
    if (this.#sessions.size + this.#reserved >= maxSessions) {
      throw new SeamlineError('too-many-requests', 'too many viewers by WebRTC');
    }
    this.#reserved += 1;
    try {
      await hub.waitForFormat(formatTimeoutMs);
      return await this.#open(hub, offer, client);
    } finally {
      this.#reserved -= 1;
    }
  }

  /** True when there is such a session for this path. */
  has(path: string, id: string): boolean {
    return this.#sessions.get(id)?.hub.path === path;
  }

  /** Ends a session of this path. @returns false when there is none */
  async end(path: string, id: string): Promise<boolean> {
    const session = this.has(path, id) ? this.#sessions.get(id) : undefined;
    await session?.close('the viewer has left');
    return session !== undefined;
  }

  /** Ends every session. Safe to call twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweep);
    await Promise.all([...this.#sessions.values()].map((session) => session.close('the server stops')));
    await this.#port.close();
  }

  async #open(hub: StreamHub, offer: string, client: string): Promise<WebRtcAnswer> {
    const id = randomBytes(16).toString('hex');
    const connection = this.#newConnection(() => this.#sessions.get(id)?.touch());
    try {
      const track = new MediaStreamTrack({ kind: 'video' });
      const { sender } = connection.addTransceiver(track, { direction: 'sendonly' });
      const { sdp, protocol } = await this.#negotiate(connection, offer);
      if (this.#isClosed) throw new SeamlineError('shutting-down', 'the server is stopping');
      this.#keep(id, hub, client, { connection, sender, protocol, playoutDelayId: playoutDelayId(sdp) });
      return { id, sdp };
    } catch (cause) {
      await connection.close();
      if (cause instanceof SeamlineError) throw cause;
      throw new SeamlineError('invalid-request', 'the offer cannot be answered', {
        errors: [{ field: 'offer', message: 'cannot be answered' }],
        cause,
      });
    }
  }

  /** @param onCheck called for each connectivity check of the viewer, which goes on as long as he is there */
  #newConnection(onCheck: () => void): RTCPeerConnection {
    return new RTCPeerConnection({
      codecs: {
        video: [
          useH264({ parameters: H264_PARAMETERS }),
          new RTCRtpCodecParameters({ mimeType: 'video/rtx', clockRate: 90_000 }),
        ],
      },
      // The number is the viewer's choice.
      headerExtensions: { video: [{ id: 1, uri: PLAYOUT_DELAY_URI }] },
      iceServers: [],
      iceLite: true,
      // No sockets of its own: packets go over the shared port.
      iceUseIpv4: false,
      iceUseIpv6: false,
      bundlePolicy: 'max-bundle',
      iceFilterStunResponse: () => {
        onCheck();
        return true;
      },
    });
  }

  async #negotiate(
    connection: RTCPeerConnection,
    offer: string,
  ): Promise<{ readonly sdp: string; readonly protocol: SharedPortProtocol }> {
    await connection.setRemoteDescription({ type: 'offer', sdp: offer });
    const protocol = SharedPortProtocol.attach(connection, this.#port);
    // As DTLS server we choose the cipher, and AES-GCM costs 40 % less than what browsers would choose (media.md, 6).
    for (const transport of connection.dtlsTransports) transport.role = 'server';
    await connection.setLocalDescription(await connection.createAnswer());
    const sdp = connection.localDescription?.sdp ?? '';
    if (!/^a=rtpmap:\d+ H264\/90000/im.test(sdp)) {
      const message = 'must offer H.264 baseline with packetization-mode 1';
      throw new SeamlineError('invalid-request', `the offer ${message}`, { errors: [{ field: 'offer', message }] });
    }
    const addresses = mediaAddresses(this.#options.host, (await this.#options.publicAddresses?.()) ?? []);
    return { sdp: withCandidates(sdp, addresses, this.port), protocol };
  }

  #keep(
    id: string,
    hub: StreamHub,
    client: string,
    parts: Pick<WebRtcSessionOptions, 'connection' | 'sender' | 'protocol' | 'playoutDelayId'>,
  ): void {
    const { clock, log, connectTimeoutMs = 20_000 } = this.#options;
    const session = new WebRtcSession({
      id,
      hub,
      client,
      ...parts,
      firstSequence: randomInt(2 ** 15),
      clock,
      onClosed: (closed, reason) => {
        clearTimeout(late);
        this.#sessions.delete(closed.id);
        log.info('webrtc session closed', { client, path: hub.path, reason, transport: parts.protocol.transport });
      },
    });
    const late = setTimeout(() => {
      if (!session.isConnected) void session.close('the viewer did not connect');
    }, connectTimeoutMs);
    this.#sessions.set(id, session);
    log.info('webrtc session opened', { client, path: hub.path });
  }
}
