import type { Clock } from '../common/clock.ts';
import type { SafeUrl } from '../common/safe-url.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import type { CameraTransport } from '../contract/job-spec.ts';
import type { Frame, FrameRing } from '../contract/frame-ring.ts';
import type { Size } from '../contract/pixels.ts';
import { spawnChild, type OwnedChild } from '../process/child.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';
import { CameraDecoder } from './camera-decoder.ts';
import { CaptureClock } from './capture-clock.ts';
import { rtspDecoderArguments, rtspList } from './decoder-args.ts';
import type { CameraFormat, IngestSession, SessionSinks } from './ingest-session.ts';
import { MAX_WAIT_US } from './picture-queue.ts';
import { readStreamLine } from './pts-lines.ts';
import { reducePicture } from './reduce-picture.ts';
import { TICKS_PER_SECOND } from '../common/ticks.ts';

/** What a session with ffmpeg's RTSP input needs. */
export interface FfmpegSessionOptions extends SessionSinks {
  readonly url: SafeUrl;
  readonly transport: CameraTransport;
  readonly resolveAddress: (host: string, port: number) => Promise<string>;
  readonly timeoutMs: number;
  readonly ffmpeg: FfmpegInfo;
  readonly clock: Clock;
  /** The camera's size when an earlier session has told it: spares a connection. */
  readonly knownSize: Size | undefined;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { rtsp: 554, rtsps: 322 };
const STOP_GRACE_MS = 1000;
/** ffmpeg that is behind for this long keeps what the camera has sent, and more and more of it, so it begins anew. */
const LATE_PATIENCE_US = 3_000_000;

/**
 * ffmpeg's own RTSP input, for cameras that our client cannot play. The address goes through a pipe, so that no password
 * is ever in a process title. Costs about a frame of delay more, and one connection to learn the size.
 */
export class FfmpegSession implements IngestSession {
  /** ffmpeg reads the camera itself. */
  readonly backlogUs = 0;
  readonly #options: FfmpegSessionOptions;
  #prober: OwnedChild | undefined;
  #decoder: CameraDecoder | undefined;
  #captureClock = new CaptureClock(TICKS_PER_SECOND);
  /** What it decodes into, and where frames go. */
  #decoded: FrameRing | undefined;
  #ring: FrameRing | undefined;
  #lateSinceUs: number | undefined;
  #isReceiving = false;
  #isClosed = false;

  constructor(options: FfmpegSessionOptions) {
    this.#options = options;
  }

  get isReceiving(): boolean {
    return this.#isReceiving;
  }

  async run(): Promise<SeamlineError> {
    try {
      const { url, resolveAddress, transport, timeoutMs, ffmpeg, knownSize } = this.#options;
      const address = await resolveAddress(url.host, url.port ?? DEFAULT_PORTS[url.protocol] ?? 554);
      const list = rtspList(url, address, transport, timeoutMs, ffmpeg);
      const size = knownSize ?? (await this.#probe(list)).size;
      return await this.#play(list, size);
    } catch (error) {
      return error instanceof SeamlineError
        ? error
        : new SeamlineError('ffmpeg-failed', 'ffmpeg cannot play the camera', { cause: error });
    }
  }

  /**
   * ffmpeg's RTSP input cannot be handed from one process to another, so smaller frames are made from those that come. It
   * must begin anew for larger ones only: when it has begun on a machine that could not keep up.
   */
  useRing(ring: FrameRing): boolean {
    if (this.#decoded !== undefined && ring.size.widthPx > this.#decoded.size.widthPx) return false;
    this.#ring = ring;
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#prober?.stop(STOP_GRACE_MS), this.#decoder?.close()]);
  }

  /** Reads one picture to learn the size. */
  async #probe(list: string): Promise<CameraFormat> {
    let format: CameraFormat | undefined;
    const lines: string[] = [];
    const child = spawnChild({
      command: this.#options.ffmpeg.path,
      args: rtspDecoderArguments(undefined, this.#options.ffmpeg),
      onStderrLine: (line) => {
        lines.push(line);
        if (lines.length > 20) lines.shift();
        const read = readStreamLine(line);
        if (read !== undefined) format ??= { codec: read.codec, size: evenSize(read), fps: undefined };
      },
    });
    this.#prober = child;
    if (this.#isClosed) child.kill();
    child.stdout.resume();
    child.stdin.end(list);
    const timer = setTimeout(() => child.kill(), 2 * this.#options.timeoutMs);
    await child.exited;
    clearTimeout(timer);
    if (format === undefined) throw problemOfLines(lines);
    this.#options.onFormat(format);
    return format;
  }

  async #play(list: string, native: Size): Promise<SeamlineError> {
    const { ffmpeg, clock, onSpoiled } = this.#options;
    const ring = this.#options.ringFor(native);
    this.#decoded = this.#ring = ring;
    const decoder = new CameraDecoder({
      command: ffmpeg.path,
      args: rtspDecoderArguments(ring.size, ffmpeg),
      ring,
      clock,
      captureUs: (ptsTicks) => this.#captureUs(ptsTicks),
      onFrame: (frame) => {
        this.#isReceiving = true;
        this.#pass(frame);
      },
      onSpoiled,
    });
    this.#decoder = decoder;
    if (this.#isClosed) void decoder.close();
    decoder.write(new TextEncoder().encode(list));
    decoder.end();
    await decoder.exited;
    if (this.#isTooLate()) return new SeamlineError('source-unreachable', 'ffmpeg fell behind the camera');
    return problemOfLines(decoder.messages);
  }

  /** Gives a frame on, scaled down when smaller ones are wanted. */
  #pass(frame: Frame): void {
    const { onFrame, onSpoiled } = this.#options;
    const ring = this.#ring;
    if (ring === undefined || ring === this.#decoded) {
      onFrame(frame);
      return;
    }
    const writer = ring.acquire();
    if (writer === undefined) onSpoiled();
    else {
      reducePicture(frame.bytes, frame.size, writer.bytes, ring.size);
      onFrame(writer.commit(frame.captureUs, frame.decodedUs));
    }
    frame.release();
  }

  /** Capture time of a frame, or undefined when it comes too late to be shown. */
  #captureUs(ptsTicks: number | undefined): number | undefined {
    const nowUs = this.#options.clock.nowUs();
    if (ptsTicks === undefined) return nowUs;
    const { captureUs } = this.#captureClock.note(((ptsTicks % 2 ** 32) + 2 ** 32) % 2 ** 32, nowUs, false);
    if (nowUs - captureUs <= MAX_WAIT_US) {
      this.#lateSinceUs = undefined;
      return captureUs;
    }
    this.#lateSinceUs ??= nowUs;
    if (this.#isTooLate()) void this.#decoder?.close();
    return undefined;
  }

  #isTooLate(): boolean {
    return this.#lateSinceUs !== undefined && this.#options.clock.nowUs() - this.#lateSinceUs > LATE_PATIENCE_US;
  }
}

function evenSize(size: Size): Size {
  return { widthPx: Math.max(2, size.widthPx & ~1), heightPx: Math.max(2, size.heightPx & ~1) };
}

/** ffmpeg ends with code 0 when a camera goes away, so its words are read, not its exit code. */
function problemOfLines(lines: readonly string[]): SeamlineError {
  const text = lines.join('\n');
  if (/401 Unauthorized|403 Forbidden/i.test(text)) {
    return new SeamlineError('source-unauthorized', 'the camera refused user name or password (401)');
  }
  if (/404 Not Found|404 Stream Not Found/i.test(text)) {
    return new SeamlineError(
      'source-unreachable',
      'the camera has no stream at this path (404); check the path of the address',
    );
  }
  const known = /Connection refused|timed out|No route to host|Network is unreachable|503 Service Unavailable/i.exec(
    text,
  )?.[0];
  if (known !== undefined)
    return new SeamlineError('source-unreachable', `ffmpeg cannot reach the camera: ${known.toLowerCase()}`);
  return new SeamlineError('source-unreachable', 'the camera ended the stream, or ffmpeg could not play it');
}
