import type { Clock } from '../../common/clock.ts';
import { usToTicks } from '../../common/ticks.ts';
import type { AccessUnit } from '../../contract/access-unit.ts';
import { rtpPayloads } from '../rtp-payloads.ts';
import type { StreamHub } from '../stream-hub.ts';
import type { StreamReader } from '../stream-reader.ts';
import type { RtpStream } from './rtp-stream.ts';
import type { RtpTransport } from './rtp-transport.ts';

/** Pause between two sender reports. */
const REPORT_US = 5_000_000;

/** Before the first report. */
const NEVER = -Infinity;

/** First packet of a PLAY, for its RTP-Info (RFC 2326 §12.33). `rtptime` is missing when none came in time. */
export interface RtpInfo {
  readonly sequence: number;
  readonly timestamp: number | undefined;
}

/** What a session is made of. */
export interface RtspSessionOptions {
  readonly id: string;
  readonly hub: StreamHub;
  /** Address of the client, for the log and against strangers. */
  readonly client: string;
  readonly stream: RtpStream;
  readonly transport: RtpTransport;
  readonly clock: Clock;
  /** The time of day, ms since 1970, for sender reports. */
  readonly wallClockMs: () => number;
  /** Called once when it has ended; `byStream` when the stream is over or gave this client up. */
  readonly onClosed: (session: RtspSession, reason: string, byStream: boolean) => void;
}

/** How long a session over UDP lives on after its RTSP connection was lost, unless receiver reports come. */
const ORPHAN_US = 15_000_000;

/** One RTSP session with its one track (RFC 2326 §3): ready after SETUP, playing between PLAY and PAUSE or TEARDOWN. */
export class RtspSession implements StreamReader {
  readonly protocol = 'rtsp';
  readonly id: string;
  readonly hub: StreamHub;
  readonly client: string;
  readonly stream: RtpStream;
  readonly #clock: Clock;
  readonly #wallClockMs: () => number;
  readonly #onClosed: RtspSessionOptions['onClosed'];
  #transport: RtpTransport;
  #unsubscribe: (() => void) | undefined;
  #started: ((info: RtpInfo) => void) | undefined;
  #startTimer: NodeJS.Timeout | undefined;
  #seenUs: number;
  #reportedUs: number = NEVER;
  #isOrphan = false;
  #closed = false;

  constructor(options: RtspSessionOptions) {
    this.id = options.id;
    this.hub = options.hub;
    this.client = options.client;
    this.stream = options.stream;
    this.#transport = options.transport;
    this.#clock = options.clock;
    this.#wallClockMs = options.wallClockMs;
    this.#onClosed = options.onClosed;
    this.#seenUs = options.clock.nowUs();
  }

  get name(): string {
    return `${this.client} ${this.#transport.kind}`;
  }

  get transport(): RtpTransport {
    return this.#transport;
  }

  get isPlaying(): boolean {
    return this.#unsubscribe !== undefined;
  }

  /** Takes another transport; only while it does not play. */
  changeTransport(transport: RtpTransport): void {
    if (this.isPlaying) throw new Error('a playing session keeps its transport');
    this.#transport = transport;
  }

  /** The client has shown that it is there. */
  touch(): void {
    this.#seenUs = this.#clock.nowUs();
  }

  /** Its RTSP connection is gone: it ends soon, unless receiver reports prove the client alive. */
  lostConnection(): void {
    this.#isOrphan = true;
  }

  /**
   * Starts to send.
   * @param timeoutMs longest wait for the first picture
   * @param started called once, just before the first packet is sent or when none came in time
   */
  play(timeoutMs: number, started: (info: RtpInfo) => void): void {
    this.#started = started;
    this.#startTimer = setTimeout(() => this.#answerPlay(undefined), timeoutMs);
    this.#reportedUs = NEVER;
    // The hub may hand over pictures before it returns.
    this.#unsubscribe = () => undefined;
    const unsubscribe = this.hub.subscribe(this);
    if (this.#closed) unsubscribe();
    else this.#unsubscribe = unsubscribe;
  }

  pause(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#answerPlay(undefined);
  }

  onFormat(): void {
    // Parameter sets travel with every key frame; the description was answered before.
  }

  onUnit(unit: AccessUnit): void {
    if (this.#started !== undefined) this.#answerPlay(unit.ptsTicks);
    if (this.#reportedUs === NEVER) this.#report();
    this.#transport.sendUnit(this.stream, rtpPayloads(unit), unit.ptsTicks);
  }

  isFull(): boolean {
    return this.#transport.isFull();
  }

  onEnd(reason: string): void {
    this.#close(reason, true);
  }

  /**
   * Sends the report that is due and ends a session whose client is silent. While pictures go into a TCP connection that takes
   * them the client is there, whether it asks for anything or not.
   */
  tick(timeoutUs: number): void {
    const nowUs = this.#clock.nowUs();
    if (this.isPlaying && nowUs - this.#reportedUs >= REPORT_US && this.#reportedUs !== NEVER) this.#report();
    const isProvedByTcp = this.isPlaying && this.#transport.kind === 'tcp';
    const limitUs = this.#isOrphan ? Math.min(ORPHAN_US, timeoutUs) : timeoutUs;
    if (!isProvedByTcp && nowUs - this.#seenUs > limitUs) this.close('the client was silent for too long');
  }

  /** Ends the session; a client that plays is told by RTCP. Safe to call twice. */
  close(reason: string): void {
    this.#close(reason, false);
  }

  #close(reason: string, byStream: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    const wasPlaying = this.isPlaying;
    this.pause();
    if (wasPlaying) this.#sayGoodbye();
    this.#onClosed(this, reason, byStream);
  }

  #answerPlay(ptsTicks: number | undefined): void {
    clearTimeout(this.#startTimer);
    const started = this.#started;
    this.#started = undefined;
    started?.({
      sequence: this.stream.nextSequence,
      timestamp: ptsTicks === undefined ? undefined : this.stream.timestampOf(ptsTicks),
    });
  }

  /** Ties the RTP times to the time of day (RFC 3550 §6.4.1). */
  #report(): void {
    this.#reportedUs = this.#clock.nowUs();
    this.#transport.sendControl(this.stream.senderReport(this.#wallClockMs(), this.#nowTicks()));
  }

  #sayGoodbye(): void {
    this.#transport.sendControl(this.stream.bye(this.#wallClockMs(), this.#nowTicks()));
  }

  /** This moment in the time of the stream, counted on from its newest picture. */
  #nowTicks(): number {
    const { newest } = this.hub;
    return newest === undefined ? 0 : newest.ptsTicks + usToTicks(this.#clock.nowUs() - newest.arrivedUs);
  }
}
