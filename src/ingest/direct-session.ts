import type { Clock } from '../common/clock.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { ivfFileHeader, ivfFrameHeader } from '../media/ivf.ts';
import { joinAnnexB } from '../media/h264/annex-b.ts';
import type { VideoParameters } from '../media/video-parameters.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';
import { CameraDecoder } from './camera-decoder.ts';
import { IVF_FOURCC, pipeDecoderArguments } from './decoder-args.ts';
import type { IngestSession, SessionSinks } from './ingest-session.ts';
import { PictureFeed } from './picture-feed.ts';
import { RtspClient, type RtspClientOptions } from './rtsp-client.ts';
import type { TimedPicture } from './track-receiver.ts';
import type { VideoTrack } from './video-track.ts';

/** What a session with our own client needs. */
export interface DirectSessionOptions extends SessionSinks {
  readonly client: Omit<RtspClientOptions, 'onTrack' | 'onPicture'>;
  readonly ffmpeg: FfmpegInfo;
  readonly clock: Clock;
}

/** A decoder that has so many pictures or bytes before it is behind; it continues at the next key frame. */
const MAX_PICTURES_IN_DECODER = 40;
/** Until it has caught up with what came while its process started. */
const MAX_PICTURES_AT_START = 250;
const CAUGHT_UP_PICTURES = 5;
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/** Our own RTSP client with one decoder behind it. */
export class DirectSession implements IngestSession {
  readonly #options: DirectSessionOptions;
  readonly #client: RtspClient;
  /** Capture times of the pictures in the decoder, by their time on the 90 kHz clock. */
  readonly #inDecoder = new Map<number, number>();
  readonly #decoderEnded: Promise<SeamlineError>;
  #endByDecoder: (reason: SeamlineError) => void = () => undefined;
  #track: VideoTrack | undefined;
  #feed: PictureFeed | undefined;
  #decoder: CameraDecoder | undefined;
  #told: VideoParameters | undefined;
  #lastCaptureUs = 0;
  #isReceiving = false;
  #hasCaughtUp = false;
  #isClosed = false;

  constructor(options: DirectSessionOptions) {
    this.#options = options;
    this.#decoderEnded = new Promise((resolve) => {
      this.#endByDecoder = resolve;
    });
    this.#client = new RtspClient({
      ...options.client,
      onTrack: (track) => this.#onTrack(track),
      onPicture: (picture) => this.#onPicture(picture),
    });
  }

  get isReceiving(): boolean {
    return this.#isReceiving;
  }

  /** A decoder that has not started or not caught up yet says nothing about the machine. */
  get backlog(): number {
    return this.#hasCaughtUp ? this.#inDecoder.size : 0;
  }

  /** How the packets come. */
  get transport(): string {
    return this.#client.transport;
  }

  async run(): Promise<SeamlineError> {
    try {
      await Promise.race([this.#client.open(), this.#decoderEnded.then((reason) => Promise.reject(reason))]);
      return await Promise.race([this.#client.ended, this.#decoderEnded]);
    } catch (error) {
      return error instanceof SeamlineError
        ? error
        : new SeamlineError('source-protocol', 'the camera sent something unexpected', { cause: error });
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#client.close(), this.#decoder?.close()]);
  }

  #onTrack(track: VideoTrack): void {
    this.#track = track;
    this.#feed = new PictureFeed(track.codec, track.parameterSets);
    this.#tellFormat();
  }

  #onPicture(picture: TimedPicture): void {
    this.#isReceiving = true;
    const feed = this.#feed;
    if (feed === undefined || this.#isClosed) return;
    const nals = feed.next(picture);
    this.#tellFormat();
    const decoder = this.#decoder;
    if (nals === undefined || decoder === undefined) return;
    const most = this.#hasCaughtUp ? MAX_PICTURES_IN_DECODER : MAX_PICTURES_AT_START;
    if (this.#inDecoder.size >= most || decoder.unreadBytes > MAX_UNREAD_BYTES) {
      this.#options.onDropped(1);
      feed.restart();
      // What is in the decoder comes out, or is forgotten with the next key frame.
      if (decoder.unreadBytes === 0) this.#inDecoder.clear();
      return;
    }
    const data = joinAnnexB(nals);
    this.#inDecoder.set(picture.ptsTicks, picture.captureUs);
    decoder.write(ivfFrameHeader(data.length, picture.ptsTicks), data);
  }

  /** Tells the format when it is known or has changed, and starts the decoder as early as that. */
  #tellFormat(): void {
    const parameters = this.#feed?.parameters;
    const track = this.#track;
    if (parameters === undefined || track === undefined || parameters === this.#told) return;
    this.#told = parameters;
    const size = { widthPx: parameters.shownWidthPx, heightPx: parameters.heightPx };
    const fps = track.frameRate ?? parameters.fps;
    this.#options.onFormat({ codec: track.codec, size, fps });
    if (this.#decoder === undefined && !this.#isClosed) this.#startDecoder(track, parameters);
  }

  #startDecoder(track: VideoTrack, parameters: VideoParameters): void {
    const { ffmpeg, clock, onFrame, onDropped } = this.#options;
    const ring = this.#options.ringFor({ widthPx: parameters.shownWidthPx, heightPx: parameters.heightPx });
    const decoder = new CameraDecoder({
      command: ffmpeg.path,
      args: pipeDecoderArguments(track.codec, ring.size, ffmpeg),
      ring,
      clock,
      captureUs: (ptsTicks) => this.#captureUs(ptsTicks),
      onFrame,
      onDropped: () => onDropped(1),
    });
    this.#decoder = decoder;
    decoder.write(ivfFileHeader(IVF_FOURCC[track.codec], parameters));
    void decoder.exited.then((exit) => {
      const last = decoder.messages.at(-1) ?? `exit code ${exit.exitCode ?? exit.signal ?? 'unknown'}`;
      this.#endByDecoder(new SeamlineError('ffmpeg-failed', `the decoder ended: ${last.slice(0, 200)}`));
    });
  }

  /** Frames leave the decoder in the order of presentation: what is older will not come any more. */
  #captureUs(ptsTicks: number | undefined): number {
    const known = ptsTicks === undefined ? undefined : this.#inDecoder.get(ptsTicks);
    if (ptsTicks === undefined) this.#inDecoder.delete(Math.min(...this.#inDecoder.keys()));
    else for (const key of this.#inDecoder.keys()) if (key <= ptsTicks) this.#inDecoder.delete(key);
    this.#hasCaughtUp ||= this.#inDecoder.size <= CAUGHT_UP_PICTURES;
    this.#lastCaptureUs = known ?? this.#lastCaptureUs;
    return known ?? (this.#lastCaptureUs || this.#options.clock.nowUs());
  }
}
