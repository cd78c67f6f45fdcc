import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadConfig, PROJECT_FOLDER } from '../config/config.loader.ts';
import type { Report } from '../contract/report.ts';
import { bundleFolder } from '../inference/model-store.ts';
import { silentLogger } from '../logging/logger.ts';
import { Progress } from '../offline/progress.ts';
import { stitchFiles, type StitchOptions } from '../offline/stitch-files.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';

/** What the offline command said of one pair of pictures. */
export interface OfflineAnswer {
  readonly report: Report;
  /** Why the views were only put side by side; empty when they were aligned. */
  readonly reason: string;
}

/** Runs the offline command on one pair after the other, as `seamline stitch LEFT RIGHT -o … --report …` does. */
export class OfflineRun {
  readonly #folder: string;
  readonly #options: Omit<StitchOptions, 'inputs'>;
  #isClosed = false;

  private constructor(folder: string, options: Omit<StitchOptions, 'inputs'>) {
    this.#folder = folder;
    this.#options = options;
  }

  /** @param profile another SpatialNet of the bundle @param modelDir folder of the bundles, or undefined for the configured one */
  static async create(
    ffmpeg: FfmpegInfo,
    { model, profile, modelDir }: { model: string; profile: string | undefined; modelDir: string | undefined },
    signal: AbortSignal,
  ): Promise<OfflineRun> {
    const { inference } = loadConfig();
    const folder = await mkdtemp(join(tmpdir(), 'seamline-evaluate-'));
    return new OfflineRun(folder, {
      output: join(folder, 'panorama.jpg'),
      report: join(folder, 'report.json'),
      model,
      modelFolder: bundleFolder(resolve(modelDir ?? resolve(PROJECT_FOLDER, inference.modelDir)), model),
      profile,
      frames: 1,
      viewWidthPx: 1280,
      canvas: { maxWidthPx: 2560, fill: 'black' },
      providers: inference.providers,
      deviceId: inference.devices[0],
      threads: inference.threads,
      preset: 'medium',
      ffmpeg,
      progress: new Progress({ write: () => true }),
      signal,
      log: silentLogger,
    });
  }

  /** @throws SeamlineError as `stitchFiles` */
  async stitch(left: string, right: string): Promise<OfflineAnswer> {
    const { reason } = await stitchFiles({ ...this.#options, inputs: [left, right] });
    return { report: JSON.parse(await readFile(join(this.#folder, 'report.json'), 'utf8')) as Report, reason };
  }

  /** Removes its temporary files. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
