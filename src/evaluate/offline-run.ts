import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../contract/report.ts';
import { OpenNetworks } from '../offline/open-networks.ts';
import { stitchFiles, type StitchOptions } from '../offline/stitch-files.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';
import { type BundleChoice, offlineOptions } from './offline-options.ts';

/** What the offline command said of two files. */
export interface OfflineAnswer {
  readonly report: Report;
  /** Why the last pair that was not aligned was not; empty when all were. */
  readonly reason: string;
}

/** Runs the offline command on one pair of files after the other: `seamline stitch LEFT RIGHT -o … --report …`. */
export class OfflineRun {
  /** Holds temporary files until `close`. */
  readonly folder: string;
  readonly #options: Omit<StitchOptions, 'inputs' | 'output'>;
  #networks: OpenNetworks | undefined;

  private constructor(folder: string, options: Omit<StitchOptions, 'inputs' | 'output'>) {
    this.folder = folder;
    this.#options = options;
  }

  static async create(ffmpeg: FfmpegInfo, choice: BundleChoice, signal: AbortSignal): Promise<OfflineRun> {
    const folder = await mkdtemp(join(tmpdir(), 'seamline-evaluate-'));
    const report = join(folder, 'report.json');
    return new OfflineRun(folder, { ...offlineOptions(ffmpeg, choice, signal), report, frames: undefined });
  }

  /** @param areClips two clips instead of two pictures @throws SeamlineError as `stitchFiles` */
  async stitch(left: string, right: string, areClips = false): Promise<OfflineAnswer> {
    const output = join(this.folder, areClips ? 'panorama.mkv' : 'panorama.jpg');
    const networks = await this.#openNetworks();
    try {
      const { reason } = await stitchFiles({ ...this.#options, networks, inputs: [left, right], output });
      return { report: JSON.parse(await readFile(join(this.folder, 'report.json'), 'utf8')) as Report, reason };
    } catch (error) {
      // A stitch that broke off may have left them a pair that nobody waits for.
      this.#networks = undefined;
      await networks.close();
      throw error;
    }
  }

  /** Loading a bundle takes longer than using it on a pair. */
  async #openNetworks(): Promise<OpenNetworks> {
    if (this.#networks?.isFull === true) {
      await this.#networks.close();
      this.#networks = undefined;
    }
    this.#networks ??= await OpenNetworks.open(this.#options);
    return this.#networks;
  }

  /** Ends the networks and removes the temporary files. Safe to call twice. */
  async close(): Promise<void> {
    await this.#networks?.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
