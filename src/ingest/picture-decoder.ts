import type { Clock } from '../common/clock.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import type { Frame, FrameRing } from '../contract/frame-ring.ts';
import { joinAnnexB } from '../media/h264/annex-b.ts';
import { ivfFileHeader, ivfFrameHeader } from '../media/ivf.ts';
import type { VideoCodec } from '../media/video-codec.ts';
import type { VideoParameters } from '../media/video-parameters.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';
import { CameraDecoder } from './camera-decoder.ts';
import { IVF_FOURCC, pipeDecoderArguments } from './decoder-args.ts';

/** What a picture decoder is made of. */
export interface PictureDecoderOptions {
  readonly codec: VideoCodec;
  readonly parameters: VideoParameters;
  /** Its size is that of the frames. */
  readonly ring: FrameRing;
  readonly ffmpeg: FfmpegInfo;
  readonly clock: Clock;
  /** Receives each frame and its hold. */
  readonly onFrame: (frame: Frame) => void;
  /** A frame was lost because no slot was free. */
  readonly onDropped: () => void;
  /** It ended by itself. */
  readonly onEnded: (reason: SeamlineError) => void;
}

/** A coded picture's times. */
export interface PictureTimes {
  readonly ptsTicks: number;
  readonly captureUs: number;
}

/** A decoder is behind when the pictures before it span this much time, which they do not for being reordered … */
const MAX_SPAN_US = 1_000_000;
const MAX_REORDERED = 8;
/** … or when so many bytes lie before it. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
/** Until it has caught up with what came while its process started. */
const MAX_PICTURES_AT_START = 250;
const CAUGHT_UP_PICTURES = 5;

/** One ffmpeg that decodes coded pictures of one camera; each frame keeps its picture's capture time. */
export class PictureDecoder {
  readonly #options: PictureDecoderOptions;
  readonly #decoder: CameraDecoder;
  /** Capture times of the pictures inside, by their time on the 90 kHz clock. */
  readonly #inside = new Map<number, number>();
  #lastCaptureUs = 0;
  #newestUs = 0;
  #hasCaughtUp = false;
  #isUnwanted = false;

  constructor(options: PictureDecoderOptions) {
    const { codec, parameters, ring, ffmpeg, clock, onFrame, onDropped } = options;
    this.#options = options;
    this.#decoder = new CameraDecoder({
      command: ffmpeg.path,
      args: pipeDecoderArguments(codec, ring.size, ffmpeg),
      ring,
      clock,
      captureUs: (ptsTicks) => this.#captureUs(ptsTicks),
      onFrame,
      onDropped,
    });
    this.#decoder.write(ivfFileHeader(IVF_FOURCC[codec], parameters));
    void this.#decoder.exited.then((exit) => {
      if (this.#isUnwanted) return;
      const last = this.#decoder.messages.at(-1) ?? `exit code ${exit.exitCode ?? exit.signal ?? 'unknown'}`;
      options.onEnded(new SeamlineError('ffmpeg-failed', `the decoder ended: ${last.slice(0, 200)}`));
    });
  }

  /** Time that the pictures span which it has not given yet; 0 until it has caught up, which says nothing about the machine. */
  get backlogUs(): number {
    const { value: oldestUs = this.#newestUs } = this.#inside.values().next();
    return this.#hasCaughtUp ? this.#newestUs - oldestUs : 0;
  }

  /** @returns false when it is behind and did not take the picture; the next one must be a key frame */
  take({ ptsTicks, captureUs }: PictureTimes, nals: readonly Uint8Array[]): boolean {
    this.#newestUs = captureUs;
    const isLate = this.#inside.size > MAX_REORDERED && this.backlogUs > MAX_SPAN_US;
    if (isLate || this.#inside.size > MAX_PICTURES_AT_START || this.#decoder.unreadBytes > MAX_UNREAD_BYTES) {
      // What is inside comes out, or is forgotten with the next key frame.
      if (this.#decoder.unreadBytes === 0) this.#inside.clear();
      return false;
    }
    const data = joinAnnexB(nals);
    this.#inside.set(ptsTicks, captureUs);
    this.#decoder.write(ivfFrameHeader(data.length, ptsTicks), data);
    return true;
  }

  /** Nothing more comes: what is inside is still given, then the process ends. */
  finish(): void {
    this.#isUnwanted = true;
    this.#decoder.end();
  }

  /** Ends the process; its last frames are lost. Safe to call twice. */
  async close(): Promise<void> {
    this.#isUnwanted = true;
    await this.#decoder.close();
  }

  /** Frames leave the decoder in the order of presentation: what is older will not come any more. */
  #captureUs(ptsTicks: number | undefined): number {
    const known = ptsTicks === undefined ? undefined : this.#inside.get(ptsTicks);
    if (ptsTicks === undefined) this.#inside.delete(Math.min(...this.#inside.keys()));
    else {
      // A camera's clock may have been set back: then times of capture tell what is older.
      for (const [key, captureUs] of this.#inside) {
        if (key <= ptsTicks || captureUs <= (known ?? -Infinity)) this.#inside.delete(key);
      }
    }
    this.#hasCaughtUp ||= this.#inside.size <= CAUGHT_UP_PICTURES;
    this.#lastCaptureUs = known ?? this.#lastCaptureUs;
    return known ?? (this.#lastCaptureUs || this.#options.clock.nowUs());
  }
}
