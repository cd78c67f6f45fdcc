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
import { PictureQueue } from './picture-queue.ts';

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
  /** A frame was given up: it came too late, or no slot was free. */
  readonly onSpoiled: () => void;
  /** It ended by itself. */
  readonly onEnded: (reason: SeamlineError) => void;
}

/** A coded picture's times. */
export interface PictureTimes {
  readonly ptsTicks: number;
  readonly captureUs: number;
}

/** One ffmpeg that decodes coded pictures of one camera; each frame keeps its picture's capture time. */
export class PictureDecoder {
  readonly #options: PictureDecoderOptions;
  readonly #decoder: CameraDecoder;
  readonly #queue: PictureQueue;
  #lastCaptureUs = 0;
  #isUnwanted = false;

  constructor(options: PictureDecoderOptions) {
    const { codec, parameters, ring, ffmpeg, clock, onFrame, onSpoiled } = options;
    this.#options = options;
    this.#queue = new PictureQueue({
      // A frame of two fields comes out when the second is there.
      heldBack: (parameters.reorderFrames ?? 0) + (parameters.isProgressive ? 0 : 1),
      send: ({ ptsTicks, data }) => this.#decoder.write(ivfFrameHeader(data.length, ptsTicks), data),
    });
    this.#decoder = new CameraDecoder({
      command: ffmpeg.path,
      args: pipeDecoderArguments(codec, ring.size, ffmpeg),
      ring,
      clock,
      captureUs: (ptsTicks) => this.#captureUs(ptsTicks),
      onFrame,
      onSpoiled,
    });
    this.#decoder.write(ivfFileHeader(IVF_FOURCC[codec], parameters));
    void this.#decoder.exited.then((exit) => {
      if (this.#isUnwanted) return;
      const last = this.#decoder.messages.at(-1) ?? `exit code ${exit.exitCode ?? exit.signal ?? 'unknown'}`;
      options.onEnded(new SeamlineError('ffmpeg-failed', `the decoder ended: ${last.slice(0, 200)}`));
    });
  }

  /** Time that the pictures span which it has not done, µs. */
  get backlogUs(): number {
    return this.#queue.backlogUs;
  }

  /**
   * Leaves out what waits before a key frame that is at hand, when it is behind. The key frame must then bring its
   * parameter sets along.
   * @returns pictures left out
   */
  skipToKeyframe(): number {
    return this.#queue.skipToKeyframe(this.#options.clock.nowUs());
  }

  /** @returns pictures given up since it is behind; when there are any, the next one must be a key frame */
  take({ ptsTicks, captureUs }: PictureTimes, nals: readonly Uint8Array[]): number {
    return this.#queue.take({ ptsTicks, captureUs, data: joinAnnexB(nals) }, this.#options.clock.nowUs());
  }

  /** Nothing more comes: what is inside is still given, then the process ends. */
  finish(): void {
    this.#isUnwanted = true;
    this.#queue.finish();
    this.#decoder.end();
  }

  /** Ends the process; its last frames are lost. Safe to call twice. */
  async close(): Promise<void> {
    this.#isUnwanted = true;
    await this.#decoder.close();
  }

  /** Capture time of a frame, or undefined when it comes too late to be shown. */
  #captureUs(ptsTicks: number | undefined): number | undefined {
    const nowUs = this.#options.clock.nowUs();
    const { captureUs, isLate } = this.#queue.decoded(ptsTicks, nowUs);
    this.#lastCaptureUs = captureUs ?? this.#lastCaptureUs;
    if (isLate) return undefined;
    return captureUs ?? (this.#lastCaptureUs || nowUs);
  }
}
