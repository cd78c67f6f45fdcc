import { resolve } from 'node:path';
import { loadConfig, PROJECT_FOLDER } from '../config/config.loader.ts';
import { bundleFolder } from '../inference/model-store.ts';
import { silentLogger } from '../logging/logger.ts';
import { Progress } from '../offline/progress.ts';
import type { StitchOptions } from '../offline/stitch-files.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';

/** Which networks are measured. */
export interface BundleChoice {
  readonly model: string;
  /** Another SpatialNet of the bundle. */
  readonly profile?: string | undefined;
  /** Folder of the bundles, or undefined for the configured one. */
  readonly modelDir?: string | undefined;
}

/** Folder of a bundle. @throws SeamlineError `model-invalid` when the name cannot be one */
export function folderOf({ model, modelDir }: BundleChoice): string {
  return bundleFolder(resolve(modelDir ?? resolve(PROJECT_FOLDER, loadConfig().inference.modelDir)), model);
}

/** The offline command as a user gets it, but for files and frames. */
export function offlineOptions(
  ffmpeg: FfmpegInfo,
  choice: BundleChoice,
  signal: AbortSignal,
): Omit<StitchOptions, 'inputs' | 'output' | 'report' | 'frames'> {
  const { inference } = loadConfig();
  return {
    model: choice.model,
    modelFolder: folderOf(choice),
    profile: choice.profile,
    viewWidthPx: 1280,
    canvas: { maxWidthPx: 2560, fill: 'black' },
    providers: inference.providers,
    deviceId: inference.devices[0],
    threads: inference.threads,
    preset: 'ultrafast',
    ffmpeg,
    progress: new Progress({ write: () => true }),
    signal,
    log: silentLogger,
  };
}
