import { backoffMs } from '../common/backoff.ts';
import type { Clock } from '../common/clock.ts';
import type { SafeUrl } from '../common/safe-url.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import type { Frame, FrameRing } from '../contract/frame-ring.ts';
import type { CameraPhase, CameraStatus } from '../contract/job-messages.ts';
import type { CameraTransport, IngestMode } from '../contract/job-spec.ts';
import type { CameraIndex, Size } from '../contract/pixels.ts';
import type { Logger } from '../logging/logger.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';
import { DirectSession } from './direct-session.ts';
import { FfmpegSession } from './ffmpeg-session.ts';
import { FrameRate } from './frame-rate.ts';
import type { CameraFormat, IngestSession, SessionSinks } from './ingest-session.ts';
import { NtpAgreement } from './ntp-agreement.ts';

/** What a camera source needs. */
export interface CameraSourceOptions {
  readonly camera: CameraIndex;
  readonly url: SafeUrl;
  readonly transport: CameraTransport;
  readonly mode: IngestMode;
  readonly clock: Clock;
  readonly ffmpeg: FfmpegInfo;
  /** For connecting, for each reply, and for the first frame. */
  readonly connectTimeoutMs: number;
  /** Without a frame for this long the camera is stalled and connected anew. */
  readonly stallTimeoutMs: number;
  /** Called when the camera's size is known; frames are scaled to the ring's size, until `useRing`. */
  readonly createRing: (native: Size) => FrameRing;
  /** Receives each frame and its hold. */
  readonly onFrame: (frame: Frame) => void;
  readonly onStatus?: () => void;
  /** The camera sends another codec or size than before; what it shows may have changed with it. */
  readonly onChanged?: () => void;
  /** The checked address to connect to; the system's resolver by default. */
  readonly resolveAddress?: (host: string, port: number) => Promise<string>;
  readonly log: Logger;
  /** Spreads the pauses, 0 … 1. */
  readonly random?: () => number;
  /** Shared by the cameras of a job. */
  readonly agreement?: NtpAgreement;
  /** Certificates of `rtsps` cameras must be trusted; true by default. */
  readonly verifyCertificates?: boolean;
  /** Wall clock, µs since 1970. */
  readonly wallClockUs?: () => number;
}

const CHECK_INTERVAL_MS = 100;
/** More time for the first frame while coded pictures come: the camera's next key frame may be far away. */
const KEYFRAME_PATIENCE_MS = 10_000;
/** Pauses begin anew after this long with frames. */
const GOOD_TIME_US = 60_000_000;
/** First and longest pause after a refused log-in: cameras lock accounts that try too often. */
const REFUSED_FIRST_MS = 30_000;
const REFUSED_MAX_MS = 300_000;
/** After so many failures in a row another client is tried, also when this one worked before. */
const FAILURES_BEFORE_SWITCH = 4;

/** One camera: connects, decodes, watches, and connects anew for as long as the job lives. */
export class CameraSource {
  readonly #options: CameraSourceOptions;
  readonly #rate = new FrameRate();
  readonly #agreement: NtpAgreement;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #ring: FrameRing | undefined;
  #session: IngestSession | undefined;
  #format: CameraFormat | undefined;
  #phase: CameraPhase = 'connecting';
  #reason = '';
  #client: 'direct' | 'ffmpeg';
  #worked: 'direct' | 'ffmpeg' | undefined;
  #failures = 0;
  #refusals = 0;
  #frames = 0;
  #dropped = 0;
  #reconnects = 0;
  #isSilent = false;
  #lastFrameUs: number | undefined;
  #goodSinceUs: number | undefined;

  constructor(options: CameraSourceOptions) {
    this.#options = options;
    this.#agreement = options.agreement ?? new NtpAgreement();
    this.#client = options.mode === 'ffmpeg' ? 'ffmpeg' : 'direct';
  }

  /** Begins to connect. What happens from here on is in `status`. */
  start(): void {
    this.#running ??= this.#run();
  }

  status(): CameraStatus {
    return {
      phase: this.#phase,
      reason: this.#reason,
      client: this.#client,
      codec: this.#format?.codec,
      widthPx: this.#format?.size.widthPx,
      heightPx: this.#format?.size.heightPx,
      fps: Math.round((this.#rate.fps ?? this.#format?.fps ?? 0) * 100) / 100,
      framesReceived: this.#frames,
      framesDropped: this.#dropped,
      reconnects: this.#reconnects,
    };
  }

  /** True while pictures arrive. */
  get isRunning(): boolean {
    return this.#phase === 'running';
  }

  /** Scales frames to another ring's size, from the camera's next key frame on. */
  useRing(ring: FrameRing): void {
    this.#ring = ring;
    const session = this.#session;
    if (session === undefined || session.useRing(ring)) return;
    void session.close();
  }

  /** Pictures given up since the start, and the time that those span which lie before the decoder now. */
  get load(): { readonly dropped: number; readonly backlogUs: number } {
    return { dropped: this.#dropped, backlogUs: this.#session?.backlogUs ?? 0 };
  }

  /** Ends connection and decoder. Safe to call twice. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#show('stopped', '');
  }

  async #run(): Promise<void> {
    const { log } = this.#options;
    while (!this.#stop.signal.aborted) {
      const session = this.#open();
      this.#session = session;
      const reason = await this.#watch(session);
      await session.close();
      this.#session = undefined;
      this.#agreement.report(this.#options.camera, false);
      if (this.#stop.signal.aborted) return;
      if (this.#phase !== 'stalled') this.#show(this.#frames > 0 ? 'reconnecting' : 'connecting', reason.message);
      log.warn('camera lost', { reason: reason.message, client: this.#client });
      const pauseMs = this.#pauseAfter(reason);
      await pause(pauseMs, this.#stop.signal);
      if (this.#frames === 0) continue;
      this.#reconnects += 1;
      this.#show('reconnecting', reason.message);
    }
  }

  #open(): IngestSession {
    const { camera, url, transport, clock, ffmpeg, connectTimeoutMs } = this.#options;
    const resolveAddress = this.#options.resolveAddress ?? ((host: string) => Promise.resolve(host));
    const sinks: SessionSinks = {
      ringFor: (native) => (this.#ring ??= this.#options.createRing(native)),
      onFormat: (format) => this.#onFormat(format),
      onFrame: (frame) => this.#onFrame(frame),
      onSkipped: (count) => {
        this.#dropped += count;
      },
      onSpoiled: () => {
        this.#dropped += 1;
        // It is this machine that is slow, not the camera that stalls.
        if (this.#lastFrameUs !== undefined) this.#lastFrameUs = this.#options.clock.nowUs();
      },
    };
    this.#isSilent = false;
    this.#lastFrameUs = undefined;
    this.#goodSinceUs = undefined;
    this.#rate.reset();
    if (this.#client === 'ffmpeg') {
      const knownSize = this.#ring === undefined ? undefined : this.#format?.size;
      return new FfmpegSession({
        ...sinks,
        url,
        transport,
        resolveAddress,
        timeoutMs: connectTimeoutMs,
        ffmpeg,
        clock,
        knownSize,
      });
    }
    const client = {
      ...{ camera, url, transport, resolveAddress, clock, timeoutMs: connectTimeoutMs, agreement: this.#agreement },
      verifyCertificates: this.#options.verifyCertificates ?? true,
      wallClockUs: this.#options.wallClockUs ?? (() => Date.now() * 1000),
    };
    return new DirectSession({ ...sinks, client, ffmpeg, clock });
  }

  /** Waits until the session ends, gives no frame in time, or the source is closed. */
  async #watch(session: IngestSession): Promise<SeamlineError> {
    const startedUs = this.#options.clock.nowUs();
    const { promise, end } = openPromise<SeamlineError>();
    const timer = setInterval(() => {
      const problem = this.#problem(session, startedUs);
      if (problem !== undefined) end(problem);
    }, CHECK_INTERVAL_MS);
    const onAbort = (): void => end(new SeamlineError('source-unreachable', 'stopped'));
    this.#stop.signal.addEventListener('abort', onAbort);
    try {
      return await Promise.race([session.run(), promise]);
    } finally {
      clearInterval(timer);
      this.#stop.signal.removeEventListener('abort', onAbort);
    }
  }

  #problem(session: IngestSession, startedUs: number): SeamlineError | undefined {
    const { clock, stallTimeoutMs, connectTimeoutMs } = this.#options;
    const nowUs = clock.nowUs();
    if (this.#lastFrameUs !== undefined) {
      if (nowUs - this.#lastFrameUs < stallTimeoutMs * 1000) return undefined;
      const text = `no picture for ${stallTimeoutMs} ms`;
      this.#show('stalled', text);
      return new SeamlineError('source-unreachable', text);
    }
    // ffmpeg connects twice when it must learn the size first.
    const connectMs = connectTimeoutMs * (this.#client === 'ffmpeg' ? 2 : 1);
    const patienceMs = connectMs + (session.isReceiving ? KEYFRAME_PATIENCE_MS : 0);
    if (nowUs - startedUs < patienceMs * 1000) return undefined;
    this.#isSilent = true;
    const text = session.isReceiving ? 'the camera sends no key frame' : 'the camera sends no picture';
    return new SeamlineError('source-unreachable', `${text} within ${patienceMs} ms`);
  }

  #onFormat(format: CameraFormat): void {
    const before = this.#format;
    this.#format = format;
    const { codec, size, fps } = format;
    this.#options.log.info('camera format', { codec, widthPx: size.widthPx, heightPx: size.heightPx, fps });
    this.#options.onStatus?.();
    if (before === undefined) return;
    const isSame =
      before.codec === codec && before.size.widthPx === size.widthPx && before.size.heightPx === size.heightPx;
    if (!isSame) this.#options.onChanged?.();
  }

  #onFrame(frame: Frame): void {
    const nowUs = this.#options.clock.nowUs();
    if (this.#stop.signal.aborted) {
      frame.release();
      return;
    }
    this.#lastFrameUs = nowUs;
    this.#goodSinceUs ??= nowUs;
    this.#frames += 1;
    this.#rate.note(frame.captureUs);
    if (this.#phase !== 'running') this.#onFirstFrame();
    this.#options.onFrame(frame);
  }

  #onFirstFrame(): void {
    this.#worked = this.#client;
    this.#refusals = 0;
    this.#show('running', '');
    this.#options.log.info('camera running', { client: this.#client });
  }

  /** Chooses the client for the next try and the pause before it, ms. */
  #pauseAfter(reason: SeamlineError): number {
    const { clock, random = Math.random, mode } = this.#options;
    if (this.#goodSinceUs !== undefined && clock.nowUs() - this.#goodSinceUs > GOOD_TIME_US) this.#failures = 0;
    const pauseMs = backoffMs(this.#failures, random);
    this.#failures += 1;
    if (reason.type === 'source-unauthorized' || reason.type === 'source-refused') {
      this.#refusals += 1;
      const options = { firstMs: REFUSED_FIRST_MS, maxMs: REFUSED_MAX_MS, jitter: 0.2 };
      return backoffMs(this.#refusals - 1, random, options);
    }
    if (mode === 'auto' && this.#lastFrameUs === undefined) return this.#switchClient(reason) ? 0 : pauseMs;
    return pauseMs;
  }

  /** @returns true when the other client is to be tried at once */
  #switchClient(reason: SeamlineError): boolean {
    const isDirect = this.#client === 'direct';
    // Where nobody answers, or no stream is, the other client gets no further.
    const isForOther = this.#isSilent || reason.type === 'source-unsupported' || reason.type === 'source-protocol';
    // A client that worked keeps working: the camera is only away.
    const isPatient = this.#worked === this.#client && this.#failures < FAILURES_BEFORE_SWITCH;
    if (isPatient || (isDirect && !isForOther)) return false;
    this.#client = isDirect ? 'ffmpeg' : 'direct';
    this.#options.log.warn('camera client changed', { client: this.#client, reason: reason.message });
    return isDirect;
  }

  #show(phase: CameraPhase, reason: string): void {
    if (this.#phase === phase && this.#reason === reason) return;
    this.#phase = phase;
    this.#reason = reason;
    this.#options.onStatus?.();
  }
}

function openPromise<T>(): { promise: Promise<T>; end: (value: T) => void } {
  let end: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    end = resolve;
  });
  return { promise, end };
}

/** Waits, at most until the signal. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
