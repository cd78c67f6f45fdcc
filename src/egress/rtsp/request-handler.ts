import type { Socket } from 'node:net';
import { SeamlineError } from '../../common/seamline-error.ts';
import type { RtspHeaders, RtspRequest } from '../../media/rtsp-message.ts';
import type { StreamHub } from '../stream-hub.ts';
import { reply, type RtspReply } from './reply.ts';
import { parseRequestTarget, TRACK_CONTROL, type RequestTarget } from './request-target.ts';
import { InterleavedTransport, UdpTransport, type RtpTransport } from './rtp-transport.ts';
import { describeStream } from './session-description.ts';
import type { RtpInfo, RtspSession } from './session.ts';
import { chooseTransport } from './transport-header.ts';
import type { RtspContext } from './context.ts';

/** What this server answers; clients keep a session alive by GET_PARAMETER when they find it here. */
export const PUBLIC_METHODS = 'OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER';

/** Wrong passwords after which a connection is closed. */
const MAX_FAILED_LOGINS = 5;

/** Sessions that one connection may hold. */
const MAX_SESSIONS_PER_CONNECTION = 8;

/** Sends the answer at once, before anything that is sent later. */
export type Respond = (answer: RtspReply) => void;

/** Carries out the requests of one connection, one after the other (RFC 2326 §10). */
export class RequestHandler {
  readonly #context: RtspContext;
  readonly #socket: Socket;
  readonly #client: string;
  /** Sessions that were set up over this connection. */
  readonly #opened = new Set<RtspSession>();
  #failedLogins = 0;

  constructor(context: RtspContext, socket: Socket) {
    this.#context = context;
    this.#socket = socket;
    this.#client = socket.remoteAddress ?? '';
  }

  /** The connection is gone: what travelled in it ends, what goes by UDP may live on for a while. */
  leave(): void {
    for (const session of this.interleavedSessions()) session.close('the connection was closed');
    for (const session of this.#opened) session.lostConnection();
    this.#opened.clear();
  }

  /** Sessions whose packets travel in this connection. */
  interleavedSessions(): RtspSession[] {
    return this.#context.sessions().filter(({ transport }) => isIn(this.#socket, transport));
  }

  /** Answers by `respond`, exactly once. */
  async handle(request: RtspRequest, respond: Respond): Promise<void> {
    if (request.version !== '1.0') return respond(reply(505, {}, { closes: true }));
    const required = request.headers.get('require');
    if (required !== undefined) return respond(reply(551, { Unsupported: required }));
    if (request.method === 'OPTIONS') return respond(this.#options(request));
    if (!PUBLIC_METHODS.split(', ').includes(request.method)) return respond(refuse(request.method));
    const target = parseRequestTarget(request.uri);
    const refusal = this.#authorize(request);
    if (refusal !== undefined) return respond(refusal);
    if (request.method === 'GET_PARAMETER' || request.method === 'SET_PARAMETER')
      return respond(this.#keepAlive(request));
    if (target === undefined) return respond(reply(404));
    if (request.method === 'DESCRIBE') return respond(await this.#describe(request, target));
    if (request.method === 'SETUP') return respond(this.#setup(request, target));
    const session = this.#session(request.headers);
    if (session === undefined || session.hub.path !== target.path) return respond(reply(454));
    session.touch();
    if (request.method === 'PLAY') return this.#play(request, session, respond);
    if (request.method === 'PAUSE') session.pause();
    else session.close('the client has left');
    respond(reply(200, { Session: session.id }));
  }

  #options(request: RtspRequest): RtspReply {
    this.#session(request.headers)?.touch();
    return reply(200, { Public: PUBLIC_METHODS });
  }

  #authorize(request: RtspRequest): RtspReply | undefined {
    const auth = this.#context.authenticator;
    if (auth === undefined) return undefined;
    const verdict = auth.check(request.method, request.uri, request.headers.get('authorization'), this.#client);
    if (verdict === 'accepted') return undefined;
    if (verdict === 'locked') {
      return reply(403, { 'Retry-After': String(auth.lockedSeconds(this.#client)) }, { closes: true });
    }
    if (verdict === 'refused') this.#failedLogins += 1;
    const closes = this.#failedLogins >= MAX_FAILED_LOGINS;
    if (closes) this.#context.log.warn('rtsp logins refused', { client: this.#client, count: this.#failedLogins });
    const answer = reply(401, {}, { closes });
    for (const challenge of auth.challenges(verdict === 'stale')) answer.headers.append('WWW-Authenticate', challenge);
    return answer;
  }

  #keepAlive(request: RtspRequest): RtspReply {
    const id = request.headers.get('session');
    const session = this.#session(request.headers);
    if (id !== undefined && session === undefined) return reply(454);
    session?.touch();
    if (request.body.length > 0) return reply(451);
    return reply(200, session === undefined ? {} : { Session: session.id });
  }

  async #describe(request: RtspRequest, target: RequestTarget): Promise<RtspReply> {
    const accept = request.headers.get('accept');
    if (accept !== undefined && !/application\/sdp|\*/i.test(accept)) return reply(406);
    const hub = this.#context.registry.get(target.path);
    if (hub === undefined) return reply(404);
    try {
      const format = await hub.waitForFormat(this.#context.describeTimeoutMs);
      const address = (this.#socket.localAddress ?? '0.0.0.0').replace(/^::ffff:/, '').replace(/%.*$/, '');
      const body = describeStream(format, { address, id: this.#context.descriptionId });
      const base = `${request.uri.replace(/\?.*$/, '').replace(/\/+$/, '')}/`;
      return reply(200, { 'Content-Base': base, 'Content-Type': 'application/sdp' }, { body });
    } catch (error) {
      if (!(error instanceof SeamlineError)) throw error;
      return error.type === 'timeout' ? reply(503, { 'Retry-After': '2' }) : reply(404);
    }
  }

  #setup(request: RtspRequest, target: RequestTarget): RtspReply {
    const hub = this.#context.registry.get(target.path);
    if (hub === undefined) return reply(404);
    const known = this.#session(request.headers);
    if (request.headers.has('session') && known === undefined) return reply(454);
    if (known !== undefined && known.hub !== hub) return reply(454);
    if (known?.isPlaying === true) return reply(455);
    const transport = this.#transport(request.headers.get('transport') ?? '', known);
    if (transport === undefined) return reply(461);
    known?.changeTransport(transport);
    const session = known ?? this.#open(hub, transport);
    if (session === undefined) return reply(453);
    session.touch();
    const ssrc = session.stream.ssrc.toString(16).padStart(8, '0').toUpperCase();
    return reply(200, {
      Transport: `${transport.description};ssrc=${ssrc};mode="PLAY"`,
      Session: `${session.id};timeout=${this.#context.sessionTimeoutS}`,
    });
  }

  #open(hub: StreamHub, transport: RtpTransport): RtspSession | undefined {
    const open = this.#context.sessions();
    for (const session of this.#opened) if (!open.includes(session)) this.#opened.delete(session);
    if (this.#opened.size >= MAX_SESSIONS_PER_CONNECTION) return undefined;
    const session = this.#context.openSession(hub, this.#client, transport);
    if (session !== undefined) this.#opened.add(session);
    return session;
  }

  #transport(header: string, known: RtspSession | undefined): RtpTransport | undefined {
    const request = chooseTransport(header);
    if (request === undefined) return undefined;
    if (request.kind === 'udp') {
      const { udp } = this.#context;
      return udp === undefined ? undefined : new UdpTransport(udp, this.#client, request.ports);
    }
    const taken = new Set<number>();
    for (const session of this.interleavedSessions()) {
      if (session === known || !(session.transport instanceof InterleavedTransport)) continue;
      taken.add(session.transport.rtpChannel).add(session.transport.rtcpChannel);
    }
    let channels = request.channels;
    for (let first = 0; channels === undefined || channels.some((channel) => taken.has(channel)); first += 2) {
      if (first > 254) return undefined;
      channels = [first, first + 1];
    }
    return new InterleavedTransport(this.#socket, channels, this.#context.maxQueuedBytes);
  }

  #play(request: RtspRequest, session: RtspSession, respond: Respond): Promise<void> {
    const base = request.uri.replace(/\?.*$/, '').replace(/\/+$/, '');
    const url = base.endsWith(`/${TRACK_CONTROL}`) ? base : `${base}/${TRACK_CONTROL}`;
    const answer = ({ sequence, timestamp }: RtpInfo): RtspReply =>
      reply(200, {
        Session: session.id,
        Range: 'npt=0.000-',
        'RTP-Info': `url=${url};seq=${sequence}${timestamp === undefined ? '' : `;rtptime=${timestamp}`}`,
      });
    if (session.isPlaying) {
      respond(reply(200, { Session: session.id, Range: 'npt=0.000-' }));
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      session.play(this.#context.playTimeoutMs, (info) => {
        respond(answer(info));
        resolve();
      });
    });
  }

  /** The session of the header, when it belongs to this client. */
  #session(headers: RtspHeaders): RtspSession | undefined {
    const id = headers.get('session')?.split(';', 1)[0]?.trim();
    const session = id === undefined ? undefined : this.#context.session(id);
    return session?.client === this.#client ? session : undefined;
  }
}

/** Publishing is not offered; what is unknown is not implemented (RFC 2326 §11.3.5). */
function refuse(method: string): RtspReply {
  const isPublishing = method === 'ANNOUNCE' || method === 'RECORD';
  return reply(isPublishing ? 405 : 501, { Allow: PUBLIC_METHODS, Public: PUBLIC_METHODS });
}

function isIn(socket: Socket, transport: RtpTransport): boolean {
  return transport instanceof InterleavedTransport && transport.socket === socket;
}
