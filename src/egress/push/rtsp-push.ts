import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../../common/clock.ts';
import type { SafeUrl } from '../../common/safe-url.ts';
import { SeamlineError } from '../../common/seamline-error.ts';
import { usToTicks } from '../../common/ticks.ts';
import type { AccessUnit, StreamFormat } from '../../contract/access-unit.ts';
import { rtpPayloads } from '../rtp-payloads.ts';
import { RtpStream } from '../rtsp/rtp-stream.ts';
import { InterleavedTransport } from '../rtsp/rtp-transport.ts';
import { describeStream } from '../rtsp/session-description.ts';
import type { StreamHub } from '../stream-hub.ts';
import type { StreamReader } from '../stream-reader.ts';
import { MAX_PUSH_QUEUE_BYTES, type PushAttempt, type PushEnd, type PushLimits } from './push-attempt.ts';
import { PushDialogue, PushRefused } from './push-dialogue.ts';
import { connectPush } from './push-socket.ts';

/** What a push by RTSP needs. */
export interface RtspPushOptions {
  readonly url: SafeUrl;
  readonly hub: StreamHub;
  readonly clock: Clock;
  /** The time of day, ms since 1970. */
  readonly wallClockMs: () => number;
  /** The address of a host that may be connected to. @throws SeamlineError when there is none */
  readonly resolve: (host: string, port: number) => Promise<string>;
  readonly onRunning: () => void;
  readonly limits: PushLimits;
  /** Certificates that `rtsps` servers may have besides the well-known ones, PEM. */
  readonly certificateAuthority?: string | undefined;
}

/** Ports of the schemes. */
const PORTS: Readonly<Record<string, number>> = { rtsp: 554, rtsps: 322 };

/** Pause between two sender reports, and between two requests that keep the session. */
const REPORT_MS = 5000;
const KEEP_ALIVE_MS = 25_000;

/** Pause between two looks at whether the server takes what is sent. */
const WATCH_MS = 500;

/** Pushes a stream to an RTSP server (RFC 2326 §10.3, §10.11): ANNOUNCE, SETUP, RECORD, then RTP in the connection. */
export class RtspPush implements PushAttempt, StreamReader {
  readonly protocol = 'push';
  readonly name: string;
  readonly ended: Promise<PushEnd>;
  readonly #options: RtspPushOptions;
  readonly #stream = new RtpStream({
    ssrc: randomInt(1, 2 ** 32),
    firstSequence: randomInt(2 ** 16),
    timestampOffset: randomInt(2 ** 32),
  });
  #socket: Socket | undefined;
  #dialogue: PushDialogue | undefined;
  #transport: InterleavedTransport | undefined;
  #end: (end: PushEnd) => void = () => undefined;
  #isClosed = false;
  #takenUs: number;

  constructor(options: RtspPushOptions) {
    this.#options = options;
    this.#takenUs = options.clock.nowUs();
    this.name = options.url.host;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#push().catch((error: unknown) => this.#fail(error));
  }

  onFormat(format: StreamFormat): void {
    const known = this.#format;
    this.#format = format;
    // The server was told the parameter sets once; others need an announcement of their own.
    if (known !== undefined && !equal(known.sps, format.sps)) this.#finish('the format of the stream has changed');
  }

  #format: StreamFormat | undefined;

  onUnit(unit: AccessUnit): void {
    this.#transport?.sendUnit(this.#stream, rtpPayloads(unit), unit.ptsTicks);
  }

  isFull(): boolean {
    return this.#transport?.isFull() ?? false;
  }

  onEnd(reason: string): void {
    this.#finish(reason);
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      await this.#dialogue?.leave();
    }
    this.#socket?.destroy();
    this.#end({ reason: 'closed', isRefusal: false });
  }

  async #push(): Promise<void> {
    const { url, hub, resolve, onRunning, certificateAuthority, limits } = this.#options;
    const port = url.port ?? PORTS[url.protocol] ?? 554;
    const address = await resolve(url.host, port);
    const socket = await connectPush({ url, address, port, timeoutMs: limits.connectTimeoutMs, certificateAuthority });
    this.#socket = socket;
    if (this.#isClosed) return void socket.destroy();
    socket.on('close', () => this.#finish('the server closed the connection'));
    const dialogue = new PushDialogue(socket, url, limits.connectTimeoutMs);
    this.#dialogue = dialogue;
    const format = await hub.waitForFormat(1000);
    this.#format = format;
    const body = describeStream(format, { address: socket.localAddress ?? '0.0.0.0', id: randomInt(1, 2 ** 47) });
    const channels = await dialogue.announce(body);
    this.#transport = new InterleavedTransport(socket, channels, MAX_PUSH_QUEUE_BYTES);
    const unsubscribe = hub.subscribe(this);
    const timers = [
      setInterval(() => this.#report(), REPORT_MS),
      setInterval(() => dialogue.keepAlive(), KEEP_ALIVE_MS),
      setInterval(() => this.#watch(), WATCH_MS),
    ];
    socket.once('close', () => {
      unsubscribe();
      for (const timer of timers) clearInterval(timer);
    });
    this.#report();
    onRunning();
  }

  #watch(): void {
    const { clock, limits } = this.#options;
    if (!this.isFull()) this.#takenUs = clock.nowUs();
    else if (clock.nowUs() - this.#takenUs > limits.stallTimeoutMs * 1000) this.#finish('the server takes nothing');
  }

  #report(): void {
    const { hub, clock, wallClockMs } = this.#options;
    if (hub.newest === undefined) return;
    const ticks = hub.newest.ptsTicks + usToTicks(clock.nowUs() - hub.newest.arrivedUs);
    this.#transport?.sendControl(this.#stream.senderReport(wallClockMs(), ticks));
  }

  #fail(error: unknown): void {
    if (error instanceof PushRefused) this.#finish(error.message, error.isLogin);
    else this.#finish(error instanceof SeamlineError ? error.message : 'the connection failed');
  }

  #finish(reason: string, isRefusal = false): void {
    this.#end({ reason, isRefusal });
    this.#socket?.destroy();
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
