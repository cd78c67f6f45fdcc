import { createHash } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { digestResponse, parseAuthorization } from '../../src/media/digest.ts';
import { RtspParser, type RtspRequest } from '../../src/media/rtsp-message.ts';
import { rtpPackets } from './fake-camera-rtp.ts';
import type { CodedVideo } from './coded-video.ts';

/** How a scripted camera behaves; without a script it is a plain one. */
export interface FakeCameraScript {
  /** `a=control` of the video track. */
  readonly control?: 'relative' | 'absolute' | 'none';
  /** `Content-Base`: as RFC 2326 wants it, left out, or nonsense. */
  readonly contentBase?: 'right' | 'missing' | 'nonsense';
  /** Sends `$` frames between head and body of the DESCRIBE reply. */
  readonly interleavesBeforeBody?: boolean;
  /** Puts audio and a backchannel before the video into the description. */
  readonly audioFirst?: boolean;
  /** Channels it grants, whatever was asked for. */
  readonly channels?: readonly [number, number];
  /** On which packets the marker bit is. */
  readonly marker?: 'last' | 'every-slice' | 'parameter-sets' | 'never';
  /** Leaves the parameter sets out of the description, or out of the stream. */
  readonly parameterSets?: 'both' | 'in-band' | 'description';
  readonly login?: {
    readonly scheme: 'basic' | 'MD5' | 'SHA-256';
    readonly username: string;
    readonly password: string;
    /** Requests after which a nonce is stale; `silent` ones are not called stale. */
    readonly staleAfter?: number;
    readonly isSilent?: boolean;
  };
  /** Redirects DESCRIBE there. */
  readonly redirectTo?: string;
  /** UDP: played, refused with 461, or granted without ever sending. */
  readonly udp?: 'plays' | 'refused' | 'silent';
  /** Methods of the `Public` header. */
  readonly methods?: string;
  readonly sessionTimeoutS?: number;
  /** Replies with this status to a method. */
  readonly statuses?: Readonly<Record<string, number>>;
  /** Each RTP packet passes through here; undefined loses it. Sequence numbers are those before. */
  readonly onPacket?: (packet: Uint8Array, count: number) => readonly Uint8Array[];
  /** Replaces the RTP times. */
  readonly timestamp?: (index: number) => number;
  /** Sends so many pictures at once before the pace of the video begins. */
  readonly burst?: number;
  /** What the session description calls the codec. */
  readonly encodingName?: string;
}

const NONCE = 'nonce-';

/** A camera on 127.0.0.1 that plays a coded video in a loop, in time, by a script of quirks. */
export class FakeCamera {
  readonly requests: {
    readonly method: string;
    readonly uri: string;
    readonly headers: Readonly<Record<string, string>>;
  }[] = [];
  #video: CodedVideo;
  #script: FakeCameraScript;
  readonly #sockets = new Set<Socket>();
  readonly #viewers = new Set<Viewer>();
  #server: Server | undefined;
  #port = 0;
  #nonce = 0;
  #uses = 0;
  #isFrozen = false;
  /** Connections that were opened. */
  connections = 0;

  private constructor(video: CodedVideo, script: FakeCameraScript) {
    this.#video = video;
    this.#script = script;
  }

  static async start(video: CodedVideo, script: FakeCameraScript = {}): Promise<FakeCamera> {
    const camera = new FakeCamera(video, script);
    await camera.listen();
    return camera;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `rtsp://127.0.0.1:${this.#port}/stream`;
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Behaves differently from the next request on. */
  follow(script: FakeCameraScript): void {
    this.#script = script;
  }

  /** Plays another video: to those who play already in the middle of their stream, as a camera whose settings are changed. */
  play(video: CodedVideo): void {
    this.#video = video;
    for (const viewer of this.#viewers) viewer.turnTo(video);
  }

  /** Listens, on the same port as before after `vanish`. */
  async listen(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as { port: number }).port;
  }

  /** Goes away as a camera without power does: connections break, nothing listens. */
  async vanish(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const viewer of this.#viewers) viewer.close();
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  /** Sends nothing any more and answers nothing, with its connections open. */
  freeze(isFrozen = true): void {
    this.#isFrozen = isFrozen;
  }

  close(): Promise<void> {
    return this.vanish();
  }

  #accept(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    const parser = new RtspParser();
    const viewer = new Viewer(
      socket,
      this.#video,
      () => this.#script,
      () => this.#isFrozen,
    );
    this.#viewers.add(viewer);
    socket.on('data', (chunk: Uint8Array) => {
      for (const message of parser.push(chunk)) if (message.kind === 'request') this.#answer(socket, viewer, message);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      viewer.close();
      this.#viewers.delete(viewer);
      this.#sockets.delete(socket);
    });
  }

  #answer(socket: Socket, viewer: Viewer, request: RtspRequest): void {
    if (this.#isFrozen) return;
    const { method, uri } = request;
    const lowerCased = request.headers.entries().map(([name, value]) => [name.toLowerCase(), value]);
    this.requests.push({ method, uri, headers: Object.fromEntries(lowerCased) });
    const cseq = request.headers.get('CSeq') ?? '';
    const reply = (status: number, fields: readonly string[] = [], body = ''): void => {
      const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
      socket.write([`RTSP/1.0 ${status} Status`, `CSeq: ${cseq}`, ...fields, ...length, '', ''].join('\r\n'));
      if (body === '') return;
      if (this.#script.interleavesBeforeBody === true) socket.write(Uint8Array.of(0x24, 9, 0, 3, 1, 2, 3));
      socket.write(body);
    };
    const forced = this.#script.statuses?.[method];
    if (forced !== undefined) return reply(forced);
    const challenge = this.#challenge(request);
    if (challenge !== undefined) return reply(401, challenge);
    switch (method) {
      case 'OPTIONS':
        return reply(200, [
          `Public: ${this.#script.methods ?? 'OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER'}`,
        ]);
      case 'DESCRIBE':
        if (this.#script.redirectTo !== undefined) return reply(302, [`Location: ${this.#script.redirectTo}`]);
        return reply(200, ['Content-Type: application/sdp', ...this.#contentBase()], this.#description());
      case 'SETUP':
        return this.#setUp(viewer, uri, request.headers.get('Transport') ?? '', reply);
      case 'PLAY':
        reply(200, ['Session: 77', 'Range: npt=0.000-']);
        return viewer.play();
      case 'TEARDOWN':
        reply(200);
        return viewer.close();
      default:
        return reply(this.#script.methods?.includes(method) === false ? 501 : 200);
    }
  }

  #setUp(viewer: Viewer, uri: string, transport: string, reply: (status: number, fields?: string[]) => void): void {
    const session = `Session: 77;timeout=${this.#script.sessionTimeoutS ?? 60}`;
    if (!uri.endsWith('track1') && this.#script.control !== 'none') return reply(404);
    const clientPort = Number(/client_port=(\d+)/.exec(transport)?.[1] ?? 0);
    if (clientPort === 0) {
      const [rtp, rtcp] = this.#script.channels ?? [0, 1];
      viewer.useChannels(rtp, rtcp);
      return reply(200, [session, `Transport: RTP/AVP/TCP;unicast;interleaved=${rtp}-${rtcp};ssrc=00000001`]);
    }
    if (this.#script.udp === undefined || this.#script.udp === 'refused') return reply(461);
    void viewer
      .useUdp(clientPort)
      .then((port) =>
        reply(200, [
          session,
          `Transport: RTP/AVP;unicast;client_port=${clientPort}-${clientPort + 1};server_port=${port}-${port + 1}`,
        ]),
      );
  }

  #contentBase(): string[] {
    if (this.#script.contentBase === 'missing') return [];
    return [`Content-Base: ${this.#script.contentBase === 'nonsense' ? '/ ?' : `${this.url}/`}`];
  }

  #description(): string {
    const { codec, parameterSets } = this.#video;
    const base64 = parameterSets.map((nal) => Buffer.from(nal).toString('base64'));
    const keys = ['sprop-vps', 'sprop-sps', 'sprop-pps'];
    const sprop =
      codec === 'h264'
        ? `sprop-parameter-sets=${base64.join(',')}`
        : base64.map((text, at) => `${keys[at]}=${text}`).join(';');
    const hasSets = this.#script.parameterSets !== 'in-band';
    const control = this.#script.control === 'absolute' ? `${this.url}/track1` : 'track1';
    const audio = ['m=audio 0 RTP/AVP 8', 'a=control:track9', 'm=audio 0 RTP/AVP 0', 'a=sendonly', 'a=control:track8'];
    return [
      ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=fake', 't=0 0', 'a=control:*'],
      ...(this.#script.audioFirst === true ? audio : []),
      ...['m=video 0 RTP/AVP 96', `a=rtpmap:96 ${this.#script.encodingName ?? codec.toUpperCase()}/90000`],
      ...(hasSets ? [`a=fmtp:96 packetization-mode=1;${sprop}`] : []),
      ...(this.#script.control === 'none' ? [] : [`a=control:${control}`]),
      '',
    ].join('\r\n');
  }

  /** The challenge that a request still has to answer, or undefined when it is let in. */
  #challenge(request: RtspRequest): string[] | undefined {
    const login = this.#script.login;
    if (login === undefined) return undefined;
    const given = parseAuthorization(request.headers.get('Authorization') ?? '');
    if (login.scheme === 'basic') {
      const right = Buffer.from(`${login.username}:${login.password}`).toString('base64');
      return given?.token === right ? undefined : ['WWW-Authenticate: Basic realm="fake"'];
    }
    const challenge = (isStale: boolean): string[] => [
      `WWW-Authenticate: Digest realm="fake", nonce="${NONCE}${this.#nonce}", algorithm=${login.scheme}, qop="auth"${isStale ? ', stale=true' : ''}`,
    ];
    if (given === undefined) return challenge(false);
    const value = (name: string): string => given.parameters.get(name) ?? '';
    const { scheme: algorithm, username, password } = login;
    const input = {
      algorithm,
      username,
      password,
      realm: 'fake',
      method: request.method,
      uri: value('uri'),
      nonce: value('nonce'),
    };
    const expected = digestResponse({ ...input, auth: { cnonce: value('cnonce'), nc: value('nc') } }, (name, text) =>
      createHash(name === 'MD5' ? 'md5' : 'sha256')
        .update(text)
        .digest('hex'),
    );
    if (value('response') !== expected || value('uri') !== request.uri) return challenge(false);
    if (value('nonce') !== `${NONCE}${this.#nonce}`) return challenge(login.isSilent !== true);
    this.#uses += 1;
    if (login.staleAfter === undefined || this.#uses <= login.staleAfter) return undefined;
    this.#uses = 0;
    this.#nonce += 1;
    return challenge(login.isSilent !== true);
  }
}

/** One who plays. */
class Viewer {
  readonly #socket: Socket;
  #video: CodedVideo;
  readonly #script: () => FakeCameraScript;
  readonly #isFrozen: () => boolean;
  #channels: readonly [number, number] | undefined;
  #udp: UdpSocket | undefined;
  #clientPort = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Pictures of this video that were due so far, and the RTP time of its first. */
  #sent = 0;
  #baseTicks = 0;
  #sequence = 65_000;
  #packets = 0;

  constructor(socket: Socket, video: CodedVideo, script: () => FakeCameraScript, isFrozen: () => boolean) {
    this.#socket = socket;
    this.#video = video;
    this.#script = script;
    this.#isFrozen = isFrozen;
  }

  useChannels(rtp: number, rtcp: number): void {
    this.#channels = [rtp, rtcp];
  }

  async useUdp(clientPort: number): Promise<number> {
    this.#clientPort = clientPort;
    this.#udp = createSocket('udp4');
    this.#udp.bind(0, '127.0.0.1');
    await once(this.#udp, 'listening');
    return this.#udp.address().port;
  }

  play(): void {
    for (let count = 0; count < (this.#script().burst ?? 0); count += 1) this.#sendPicture();
    this.#keepPace();
  }

  /** Goes on with another video, from its first picture, at the time that is due. */
  turnTo(video: CodedVideo): void {
    const isPlaying = this.#timer !== undefined;
    clearInterval(this.#timer);
    this.#baseTicks += Math.round((this.#sent * 90_000) / this.#video.fps);
    this.#sent = 0;
    this.#video = video;
    if (isPlaying) this.#keepPace();
  }

  #keepPace(): void {
    const intervalMs = 1000 / this.#video.fps;
    const startMs = performance.now();
    const before = this.#sent;
    this.#timer = setInterval(() => {
      while (this.#sent - before < (performance.now() - startMs) / intervalMs) this.#sendPicture();
    }, intervalMs / 4);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#udp?.close();
    this.#udp = undefined;
  }

  #sendPicture(): void {
    const { pictures } = this.#video;
    const round = Math.floor(this.#sent / pictures.length);
    const picture = pictures[this.#sent % pictures.length];
    this.#sent += 1;
    if (picture === undefined || this.#isFrozen()) return;
    const index = picture.index + round * pictures.length;
    const script = this.#script();
    const timestamp = script.timestamp?.(index) ?? this.#baseTicks + (index * 90_000) / this.#video.fps;
    const packets = rtpPackets(picture.nals, {
      codec: this.#video.codec,
      timestamp,
      sequence: this.#sequence,
      marker: script.marker ?? 'last',
      leavesOutSets: script.parameterSets === 'description',
    });
    this.#sequence = (this.#sequence + packets.length) & 0xffff;
    for (const packet of packets) {
      this.#packets += 1;
      for (const sent of script.onPacket?.(packet, this.#packets) ?? [packet]) this.#send(sent);
    }
  }

  #send(packet: Uint8Array): void {
    if (this.#udp !== undefined) {
      if (this.#script().udp === 'plays') this.#udp.send(packet, this.#clientPort, '127.0.0.1');
    } else if (this.#channels !== undefined && this.#socket.writable) {
      this.#socket.write(Uint8Array.of(0x24, this.#channels[0], packet.length >> 8, packet.length & 0xff));
      this.#socket.write(packet);
    }
  }
}
