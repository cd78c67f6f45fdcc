import type { Clock } from '../common/clock.ts';
import { SafeUrl } from '../common/safe-url.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import type { CameraTransport } from '../contract/job-spec.ts';
import type { CameraIndex } from '../contract/pixels.ts';
import type { RtspResponse } from '../media/rtsp-message.ts';
import { parseSdp, type SessionDescription } from '../media/sdp.ts';
import type { NtpAgreement } from './ntp-agreement.ts';
import { controlAddress, controlBase } from './rtsp-addresses.ts';
import { RtspConnection } from './rtsp-connection.ts';
import { credentialsOf, requiredHeader, RtspDialogue } from './rtsp-dialogue.ts';
import type { Credentials } from '../auth/rtsp-login.ts';
import { problemOfStatus } from './rtsp-problem.ts';
import { grantedSession, grantedTransport, requestedTransport } from './rtsp-transport.ts';
import { TrackReceiver, type TimedPicture } from './track-receiver.ts';
import { UdpPair } from './udp-pair.ts';
import { chooseVideoTrack, type VideoTrack } from './video-track.ts';

/** What a client needs. */
export interface RtspClientOptions {
  readonly camera: CameraIndex;
  readonly url: SafeUrl;
  readonly transport: CameraTransport;
  /** The checked address to connect to. @throws SeamlineError when the host may not be used or has none */
  readonly resolveAddress: (host: string, port: number) => Promise<string>;
  /** For connecting and for each reply. */
  readonly timeoutMs: number;
  readonly verifyCertificates: boolean;
  readonly clock: Clock;
  readonly wallClockUs: () => number;
  readonly agreement: NtpAgreement;
  /** Tells the track before its first picture. */
  readonly onTrack: (track: VideoTrack) => void;
  readonly onPicture: (picture: TimedPicture) => void;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { rtsp: 554, rtsps: 322 };
const MAX_REDIRECTS = 3;
/** Without a packet over UDP for this long the camera is asked for TCP. */
const UDP_PATIENCE_MS = 3000;
const TEARDOWN_TIMEOUT_MS = 1000;
const REPORT_INTERVAL_MS = 5000;

/**
 * A client of RTSP 1.0 (RFC 2326) for one video track: logs in, follows redirects, plays over TCP or UDP, keeps the
 * session alive and tears it down. Plays once; for another try there is another client.
 */
export class RtspClient {
  /** Resolves with the reason when the stream has ended by itself; never rejects. */
  readonly ended: Promise<SeamlineError>;
  readonly #options: RtspClientOptions;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #end: (reason: SeamlineError) => void = () => undefined;
  #connection: RtspConnection | undefined;
  #dialogue: RtspDialogue | undefined;
  #udp: UdpPair | undefined;
  #receiver: TrackReceiver | undefined;
  #channels: readonly [number, number] | undefined;
  #sessionUri = '';
  #keepAlive = 'OPTIONS';
  #transport: CameraTransport;
  #onFirstPacket: (() => void) | undefined;
  #isClosed = false;

  constructor(options: RtspClientOptions) {
    this.#options = options;
    this.#transport = options.transport;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** How the packets come: TCP also where UDP was asked for and nothing came. */
  get transport(): CameraTransport {
    return this.#transport;
  }

  /** Packets that were lost on the way. */
  get lostPackets(): number {
    return this.#receiver?.lost ?? 0;
  }

  /** Connects and plays. @throws SeamlineError that says what went wrong; the client is to be closed then */
  async open(): Promise<void> {
    await this.#play();
    if (this.#transport === 'tcp' || (await this.#hasFirstPacket())) return;
    await this.#teardown();
    this.#transport = 'tcp';
    await this.#play();
  }

  /** Tells the camera that nobody watches any more, waits for that at most a second. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#teardown();
  }

  async #play(): Promise<void> {
    const { description, base, dialogue } = await this.#describe();
    const track = chooseVideoTrack(description);
    this.#options.onTrack(track);
    this.#sessionUri = controlAddress(base, description.control);
    await this.#setUp(dialogue, track, controlAddress(base, track.control));
    const played = await dialogue.ask('PLAY', this.#sessionUri, { Range: 'npt=0.000-' });
    // 457 Invalid Range: some cameras take none for what is live.
    if (played.status === 457) await dialogue.demand('PLAY', this.#sessionUri);
    else if (played.status < 200 || played.status > 299) throw problemOfStatus(played.status, 'PLAY');
    this.#timers.push(setInterval(() => this.#report(), REPORT_INTERVAL_MS));
  }

  /** Connects, to where the camera redirects if need be, and asks for the description. */
  async #describe(): Promise<{ description: SessionDescription; base: string; dialogue: RtspDialogue }> {
    let url = this.#options.url;
    let credentials = credentialsOf(url);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const dialogue = await this.#connect(url, credentials);
      const uri = url.withoutCredentials;
      // OPTIONS only tells how to keep the session alive: a camera that does not know it is no worse for that.
      const options = await dialogue.ask('OPTIONS', uri);
      this.#keepAlive = /\bGET_PARAMETER\b/i.test(options.headers.get('Public') ?? '') ? 'GET_PARAMETER' : 'OPTIONS';
      const response = await dialogue.ask('DESCRIBE', uri, { Accept: 'application/sdp' });
      if (response.status >= 300 && response.status < 400) {
        this.#leave();
        const next = redirected(response, url);
        if (next.hasCredentials) credentials = credentialsOf(next);
        // A password is for the host that it was given for, and never moves from TLS to plain text.
        else if (next.host !== url.host || (url.protocol === 'rtsps' && next.protocol === 'rtsp'))
          credentials = undefined;
        url = next;
        continue;
      }
      if (response.status < 200 || response.status > 299) throw problemOfStatus(response.status, 'DESCRIBE');
      return { description: readDescription(response), base: controlBase(response, uri), dialogue };
    }
    throw new SeamlineError('source-protocol', `the camera redirects more than ${MAX_REDIRECTS} times`);
  }

  async #connect(url: SafeUrl, credentials: Credentials | undefined): Promise<RtspDialogue> {
    const { resolveAddress, timeoutMs, verifyCertificates } = this.#options;
    const port = url.port ?? DEFAULT_PORTS[url.protocol] ?? 554;
    const address = await resolveAddress(url.host, port);
    const connection = await RtspConnection.open({
      address,
      port,
      host: url.host,
      isTls: url.protocol === 'rtsps',
      verifyCertificate: verifyCertificates,
      timeoutMs,
      onInterleaved: (channel, data) => this.#onInterleaved(channel, data),
    });
    this.#connection = connection;
    if (this.#isClosed) connection.close();
    void connection.ended.then((reason) => {
      if (connection === this.#connection) this.#end(reason);
    });
    this.#dialogue = new RtspDialogue(connection, credentials, timeoutMs);
    return this.#dialogue;
  }

  async #setUp(dialogue: RtspDialogue, track: VideoTrack, uri: string): Promise<void> {
    const { camera, clock, wallClockUs, agreement, onPicture } = this.#options;
    const isUdp = this.#transport === 'udp';
    const receiver = new TrackReceiver({ camera, track, isUdp, clock, wallClockUs, agreement, onPicture });
    this.#receiver = receiver;
    if (isUdp) {
      const address = this.#connection?.remoteAddress ?? '';
      const onRtp = (data: Uint8Array): void => {
        this.#onFirstPacket?.();
        receiver.pushRtp(data);
      };
      this.#udp = await UdpPair.open(address, onRtp, (data) => receiver.pushRtcp(data));
    }
    const response = await dialogue.ask('SETUP', uri, {
      Transport: requestedTransport(this.#transport, this.#udp?.rtpPort ?? 0),
    });
    if (response.status === 461 && isUdp) {
      this.#udp?.close();
      this.#udp = undefined;
      this.#transport = 'tcp';
      await this.#setUp(dialogue, track, uri);
      return;
    }
    if (response.status < 200 || response.status > 299) throw problemOfStatus(response.status, 'SETUP');
    const granted = grantedTransport(response.headers.get('Transport') ?? '');
    if (isUdp && granted.serverPorts !== undefined) this.#udp?.punch(...granted.serverPorts);
    if (!isUdp) this.#channels = granted.channels ?? [0, 1];
    const session = grantedSession(requiredHeader(response, 'Session'));
    dialogue.session = session.id;
    const keepAliveMs = Math.max(1000, Math.min(30_000, (session.timeoutS * 1000) / 2));
    this.#timers.push(setInterval(() => void this.#stayAlive(dialogue), keepAliveMs));
  }

  /** Closes a connection whose end is not the end of the stream. */
  #leave(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
  }

  #onInterleaved(channel: number, data: Uint8Array): void {
    if (channel === this.#channels?.[0]) this.#receiver?.pushRtp(data);
    else if (channel === this.#channels?.[1]) this.#receiver?.pushRtcp(data);
  }

  async #hasFirstPacket(): Promise<boolean> {
    if ((this.#receiver?.packets ?? 0) > 0) return true;
    return new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.min(UDP_PATIENCE_MS, this.#options.timeoutMs));
      const found = (isFound: boolean) => (): void => {
        clearTimeout(timer);
        this.#onFirstPacket = undefined;
        resolve(isFound);
      };
      this.#onFirstPacket = found(true);
      void this.#connection?.ended.then(found(false));
    });
  }

  async #stayAlive(dialogue: RtspDialogue): Promise<void> {
    try {
      const { status } = await dialogue.ask(this.#keepAlive, this.#sessionUri);
      if (status === 454) this.#end(problemOfStatus(454, this.#keepAlive));
      else if (status >= 400) this.#keepAlive = 'OPTIONS';
    } catch {
      // Cameras that do not answer still play; a connection that broke ends by itself.
    }
  }

  #report(): void {
    const report = this.#receiver?.receiverReport();
    if (report === undefined) return;
    if (this.#udp !== undefined) this.#udp.sendRtcp(report);
    else if (this.#channels !== undefined) this.#connection?.sendInterleaved(this.#channels[1], report);
  }

  async #teardown(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    const dialogue = this.#dialogue;
    const connection = this.#connection;
    this.#connection = undefined;
    this.#channels = undefined;
    if (dialogue?.session !== undefined) {
      // The camera may be gone already; its session ends by its own timeout then.
      await dialogue.ask('TEARDOWN', this.#sessionUri, {}, TEARDOWN_TIMEOUT_MS).catch(() => undefined);
    }
    this.#dialogue = undefined;
    this.#udp?.close();
    this.#udp = undefined;
    connection?.close();
  }
}

function redirected(response: RtspResponse, from: SafeUrl): SafeUrl {
  const location = requiredHeader(response, 'Location');
  try {
    return SafeUrl.parse(location, ['rtsp', 'rtsps'], 'Location');
  } catch (cause) {
    throw new SeamlineError(
      'source-protocol',
      `the camera redirects from ${from.host} to something that is no RTSP address`,
      { cause },
    );
  }
}

function readDescription(response: RtspResponse): SessionDescription {
  try {
    return parseSdp(new TextDecoder().decode(response.body));
  } catch (cause) {
    throw new SeamlineError('source-protocol', "the camera's description of its stream cannot be read", { cause });
  }
}
