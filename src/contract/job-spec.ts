import type { ManualGeometry } from './warp-state.ts';

/** How the border that no view covers is shown. */
export type Fill = 'black' | 'blur' | 'crop';

/** H.264 encoders of ffmpeg that the product has settings for. */
export const ENCODERS: readonly string[] = ['libx264'];

/** Transport of a camera's RTP. */
export type CameraTransport = 'tcp' | 'udp';

/** Which client speaks to the cameras: our own, ffmpeg's, or our own with ffmpeg's as fall-back. */
export type IngestMode = 'auto' | 'direct' | 'ffmpeg';

/**
 * A validated job description, plain data. Addresses are complete, with their passwords: this object travels over the
 * private channel to the job process and into the state file, never into an answer or a log (see `SafeUrl`).
 */
export interface JobSpec {
  readonly id: string;
  readonly url1: string;
  readonly url2: string;
  /** Address to push to, or undefined when the panorama is only served here. */
  readonly pushUrls: readonly string[];
  /** Path of the outputs at this server: RTSP `/PATH`, `/live/PATH.flv`, `/view/PATH`, `/whep/PATH`. */
  readonly path: string;
  readonly name: string | undefined;
  /** Folder name of the bundle under models/. */
  readonly model: string;
  /** Working width of a view, pixels; views are never enlarged. */
  readonly width: number;
  /** Panoramas a second, or undefined for the reference camera's rate. */
  readonly fps: number | undefined;
  readonly bitrateKbps: number;
  readonly encoder: string;
  /** Added to the capture times of `url2`, whichever view it feeds, ms. */
  readonly syncOffsetMs: number;
  readonly transport: CameraTransport;
  readonly ingest: IngestMode;
  readonly fill: Fill;
  readonly outputWidth: number | undefined;
  readonly outputHeight: number | undefined;
  readonly maxOutputWidth: number;
  readonly geometry: ManualGeometry | undefined;
  readonly restart: 'always' | 'never';
  /** `url2` is the reference view (PATCH `swap`). */
  readonly swap: boolean;
}

/** Networks that may be talked to; what is never allowed (link-local, multicast, …) needs no mention. */
export interface NetworkPolicy {
  /** `loopback`, `private`, `public`, addresses and networks in CIDR form. */
  readonly allow: readonly string[];
  /** Ports this server listens on; refused at every address of this machine. */
  readonly ownPorts: readonly number[];
}

/** What a job process needs to know of this server's configuration. */
export interface PipelineSettings {
  /** Folder that holds the bundles. */
  readonly modelDir: string;
  /** Execution providers in the order of trial. */
  readonly providers: readonly string[];
  /** GPU for this job, or undefined. */
  readonly deviceId: number | undefined;
  /** Threads of one network session. */
  readonly inferenceThreads: number;
  /** Strip workers that warp and blend. */
  readonly composeWorkers: number;
  /** Share of one core that networks may take, 0 … 1. */
  readonly inferenceBudget: number;
  /** Half of the largest accepted skew of a pair is decided by the frame rate when this is undefined. */
  readonly maxSkewMs: number | undefined;
  /** A camera without a frame for this long is stalled. */
  readonly stallTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Longest wait for a first confident geometry before side by side, ms. */
  readonly alignTimeoutMs: number;
  readonly ffmpegPath: string;
  readonly encoderPreset: string;
  readonly logLevel: string;
  /** Which addresses cameras may have (`SourcePolicy` of src/net takes this as it is). */
  readonly sourcePolicy: NetworkPolicy;
}
