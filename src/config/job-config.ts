import { ENCODERS } from '../contract/job-spec.ts';
import { decimal, numberOrNull, oneOf, section, text, texts, whole, wholes } from './setting.ts';

/** Values of a job that POST /stitch does not name. */
export class JobDefaultsConfig {
  /** Bundle, a folder below `inference.modelDir`. */
  @text(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be the name of a bundle')
  readonly model: string = 'lite';

  /** Working width of a view; views are never enlarged. */
  @whole(160, 3840)
  readonly widthPx: number = 1280;

  /** Panoramas a second; null: as many as the first camera sends. */
  @numberOrNull(1, 60)
  readonly fps: number | null = null;

  @whole(100, 50_000)
  readonly bitrateKbps: number = 4000;

  @oneOf(ENCODERS)
  readonly encoder: string = 'libx264';

  @oneOf(['tcp', 'udp'])
  readonly transport: 'tcp' | 'udp' = 'tcp';

  @oneOf(['auto', 'direct', 'ffmpeg'])
  readonly ingest: 'auto' | 'direct' | 'ffmpeg' = 'auto';

  @oneOf(['black', 'blur', 'crop'])
  readonly fill: 'black' | 'blur' | 'crop' = 'black';

  @whole(320, 7680)
  readonly maxOutputWidthPx: number = 2560;

  @oneOf(['always', 'never'])
  readonly restart: 'always' | 'never' = 'never';
}

/** Limits, deadlines and defaults of jobs. */
export class JobsConfig {
  /** Jobs at the same time (the "workers" of a gunicorn.conf.py). */
  @whole(1, 256)
  readonly maxJobs: number = 4;

  @section(JobDefaultsConfig)
  readonly defaults: JobDefaultsConfig = new JobDefaultsConfig();

  /** Where jobs with `restart: always` are kept; empty = nowhere. */
  @text()
  readonly stateFile: string = 'var/jobs.json';

  /** From the start of a job process to its first status, ms. */
  @whole(1000, 300_000)
  readonly startTimeoutMs: number = 30_000;

  /** A job process without a status for this long is replaced, ms. */
  @whole(2000, 300_000)
  readonly silenceTimeoutMs: number = 15_000;

  /** A job process that has not ended by itself gets SIGTERM, then SIGKILL after the same time again, ms. */
  @whole(200, 60_000)
  readonly stopTimeoutMs: number = 2000;

  /** Deadline of a question to a job process (snapshot, geometry, change), ms. */
  @whole(200, 60_000)
  readonly replyTimeoutMs: number = 5000;

  /** Longest wait for a camera's connection, ms. */
  @whole(500, 120_000)
  readonly connectTimeoutMs: number = 10_000;

  /** A camera without a frame for this long is stalled, ms. */
  @whole(500, 120_000)
  readonly stallTimeoutMs: number = 4000;

  /** Longest wait for a first alignment before side by side, ms. */
  @whole(0, 60_000)
  readonly alignTimeoutMs: number = 5000;

  /** Largest skew of a pair, ms; null: half a frame interval. */
  @numberOrNull(1, 1000)
  readonly maxSkewMs: number | null = null;
}

/** The networks. */
export class InferenceConfig {
  /** Folder of the bundles. */
  @text(/^\P{Cc}+$/u, 'must be a folder')
  readonly modelDir: string = 'models';

  /** Execution providers in the order of trial. */
  @texts(/^(tensorrt|cuda|webgpu|cpu)$/, 'must be tensorrt, cuda, webgpu or cpu', 4)
  readonly providers: readonly string[] = ['tensorrt', 'cuda', 'webgpu', 'cpu'];

  /** GPUs that jobs are spread over, by index. */
  @wholes(63)
  readonly devices: readonly number[] = [0];

  /** Threads of one network session. */
  @whole(1, 64)
  readonly threads: number = 1;

  /** Share of one core that the networks of a job may take, 0 … 1 (on the CPU). */
  @decimal(0.01, 1)
  readonly budget: number = 0.35;
}

/** Warping and blending. */
export class ComposeConfig {
  /** Strip workers of a job; 0: half of the cores, at most four. */
  @whole(0, 32)
  readonly workers: number = 0;
}

/** The encoder of the panorama. */
export class EncodeConfig {
  /** Preset of libx264. */
  @oneOf(['ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium'])
  readonly preset: string = 'superfast';
}

/** The ffmpeg program. */
export class FfmpegConfig {
  /** Path of ffmpeg; empty: FFMPEG_PATH, then the PATH. */
  @text()
  readonly path: string = '';
}

/** Pushes to other servers. */
export class PushConfig {
  /** Longest wait for a connection, ms. */
  @whole(500, 120_000)
  readonly connectTimeoutMs: number = 10_000;

  /** A push that takes no data for this long is started anew, ms. */
  @whole(1000, 120_000)
  readonly stallTimeoutMs: number = 10_000;

  /** PEM file with certificates that servers of rtsps and rtmps may have besides the well-known ones; empty = none. */
  @text()
  readonly certificateAuthorityFile: string = '';
}
