import { Injectable } from '@nestjs/common';
import { monotonicClock } from '../common/clock.ts';
import type { SafeUrl } from '../common/safe-url.ts';
import type { Frame, FrameRing } from '../contract/frame-ring.ts';
import type { JobSpec, PipelineSettings } from '../contract/job-spec.ts';
import type { CameraIndex, Size } from '../contract/pixels.ts';
import type { Logger } from '../logging/logger.ts';
import { SourcePolicy } from '../net/source-policy.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';
import { CameraSource } from './camera-source.ts';

/** One camera of a job. */
export interface OpenCamera {
  /** The view that it feeds: whose ring is filled and whose frames these are. */
  readonly view: CameraIndex;
  /** Which camera of the request it is, for the log: 0 `url1`, 1 `url2`. */
  readonly camera: CameraIndex;
  readonly url: SafeUrl;
  readonly spec: JobSpec;
  readonly settings: PipelineSettings;
  readonly ffmpeg: FfmpegInfo;
  /** Called once, when the camera's own size is known. */
  readonly createRing: (native: Size) => FrameRing;
  /** Receives each frame and its hold. */
  readonly onFrame: (frame: Frame) => void;
  /** The camera sends another codec or size than before. */
  readonly onChanged: () => void;
  readonly log: Logger;
}

/** Opens the cameras of a job. */
@Injectable()
export class IngestService {
  /** A source that is not started yet. */
  open({ view, camera, url, spec, settings, ffmpeg, createRing, onFrame, onChanged, log }: OpenCamera): CameraSource {
    const policy = new SourcePolicy(settings.sourcePolicy);
    return new CameraSource({
      camera: view,
      url,
      transport: spec.transport,
      mode: spec.ingest,
      clock: monotonicClock,
      ffmpeg,
      connectTimeoutMs: settings.connectTimeoutMs,
      stallTimeoutMs: settings.stallTimeoutMs,
      createRing,
      onFrame,
      onChanged,
      resolveAddress: (host, port) => policy.resolve(host, port),
      log: log.child({ stage: 'ingest', camera }),
    });
  }
}
