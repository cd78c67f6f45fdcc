import { availableParallelism } from 'node:os';
import { projectPath } from '../config/config.loader.ts';
import type { AppConfig } from '../config/config.schema.ts';
import type { PipelineSettings } from '../contract/job-spec.ts';

/** More strip workers bring nothing at these sizes. */
const MAX_AUTOMATIC_WORKERS = 4;

/** The ffmpeg to run: configured, or FFMPEG_PATH, or the one on the PATH. */
export function ffmpegPath(config: AppConfig): string {
  return config.ffmpeg.path || process.env['FFMPEG_PATH'] || 'ffmpeg';
}

/** What a job process is told of this server's configuration. @param ownPorts ports this server listens on */
export function pipelineSettings(
  config: AppConfig,
  deviceId: number | undefined,
  ownPorts: readonly number[],
): PipelineSettings {
  const { jobs, inference } = config;
  const automatic = Math.max(1, Math.min(MAX_AUTOMATIC_WORKERS, Math.floor(availableParallelism() / 2)));
  return {
    modelDir: projectPath(inference.modelDir),
    providers: inference.providers,
    deviceId,
    inferenceThreads: inference.threads,
    composeWorkers: config.compose.workers === 0 ? automatic : config.compose.workers,
    inferenceBudget: inference.budget,
    maxSkewMs: jobs.maxSkewMs ?? undefined,
    stallTimeoutMs: jobs.stallTimeoutMs,
    connectTimeoutMs: jobs.connectTimeoutMs,
    alignTimeoutMs: jobs.alignTimeoutMs,
    ffmpegPath: ffmpegPath(config),
    encoderPreset: config.encode.preset,
    logLevel: config.log.level,
    sourcePolicy: { allow: config.network.sourceNetworks, ownPorts },
  };
}
