import type { SeamlineError } from '../common/seamline-error.ts';
import type { Frame, FrameRing } from '../contract/frame-ring.ts';
import type { Size } from '../contract/pixels.ts';

/** What a session tells about the camera's stream. */
export interface CameraFormat {
  readonly codec: string;
  /** As shown: pixels made square. */
  readonly size: Size;
  /** As the stream says; undefined when it does not. */
  readonly fps: number | undefined;
}

/** Where a session's results go. */
export interface SessionSinks {
  /** The ring for a camera of this size; always the same one. */
  readonly ringFor: (native: Size) => FrameRing;
  readonly onFormat: (format: CameraFormat) => void;
  /** Receives each frame and its hold. */
  readonly onFrame: (frame: Frame) => void;
  /** Coded pictures that were not decoded since the decoder is behind. */
  readonly onSkipped: (count: number) => void;
  /** A frame that was decoded and given up: it came too late, or there was no free slot. */
  readonly onSpoiled: () => void;
}

/** One connection to a camera, from its first request until it ends; by our own client or by ffmpeg's. */
export interface IngestSession {
  /** Plays until the stream ends. @returns why it ended; never rejects */
  run(): Promise<SeamlineError>;
  /** True once coded pictures come, also before the first can be decoded. */
  readonly isReceiving: boolean;
  /** Time that the coded pictures span which are to be decoded yet, µs; 0 when that cannot be known. */
  readonly backlogUs: number;
  /** Frames go into another ring from the next key frame on. @returns false when the session must begin anew for that */
  useRing(ring: FrameRing): boolean;
  /** Ends everything. Safe to call twice. */
  close(): Promise<void>;
}
