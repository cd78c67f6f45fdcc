import type { Clock } from '../common/clock.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import type { FrameRing } from '../contract/frame-ring.ts';
import type { VideoParameters } from '../media/video-parameters.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';
import type { IngestSession, SessionSinks } from './ingest-session.ts';
import { PictureDecoder } from './picture-decoder.ts';
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

/** Our own RTSP client with one decoder behind it. */
export class DirectSession implements IngestSession {
  readonly #options: DirectSessionOptions;
  readonly #client: RtspClient;
  readonly #decoderEnded: Promise<SeamlineError>;
  #endByDecoder: (reason: SeamlineError) => void = () => undefined;
  #track: VideoTrack | undefined;
  #feed: PictureFeed | undefined;
  #decoder: PictureDecoder | undefined;
  /** The one for another ring, which begins with the next key frame. */
  #next: PictureDecoder | undefined;
  #leaving: PictureDecoder | undefined;
  #told: VideoParameters | undefined;
  #isReceiving = false;
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

  get backlogUs(): number {
    return this.#decoder?.backlogUs ?? 0;
  }

  useRing(ring: FrameRing): boolean {
    const parameters = this.#feed?.parameters;
    const track = this.#track;
    if (this.#decoder === undefined || parameters === undefined || track === undefined || this.#isClosed) return true;
    void this.#next?.close();
    // Its process starts while the old one still gives frames.
    this.#next = this.#startDecoder(track, parameters, ring);
    return true;
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
    const decoders = [this.#decoder, this.#next, this.#leaving];
    await Promise.all([this.#client.close(), ...decoders.map((decoder) => decoder?.close())]);
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
    if (picture.isKeyframe && !picture.isDamaged) {
      if (this.#next !== undefined) this.#turnToNext(feed);
      this.#noteSkipped(this.#decoder?.skipToKeyframe() ?? 0, feed);
    }
    const nals = feed.next(picture);
    this.#tellFormat();
    if (nals !== undefined && this.#decoder !== undefined) this.#noteSkipped(this.#decoder.take(picture, nals), feed);
  }

  #noteSkipped(count: number, feed: PictureFeed): void {
    if (count === 0) return;
    this.#options.onSkipped(count);
    feed.restart();
  }

  /** The next decoder needs the parameter sets again. */
  #turnToNext(feed: PictureFeed): void {
    void this.#leaving?.close();
    this.#leaving = this.#decoder;
    this.#leaving?.finish();
    this.#decoder = this.#next;
    this.#next = undefined;
    feed.restart();
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
    if (this.#isClosed) return;
    this.#decoder ??= this.#startDecoder(track, parameters, this.#options.ringFor(size));
  }

  #startDecoder({ codec }: VideoTrack, parameters: VideoParameters, ring: FrameRing): PictureDecoder {
    const { ffmpeg, clock, onFrame, onSpoiled } = this.#options;
    return new PictureDecoder({
      ...{ codec, parameters, ring, ffmpeg, clock, onFrame, onSpoiled },
      onEnded: (reason) => this.#endByDecoder(reason),
    });
  }
}
