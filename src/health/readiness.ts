import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { SeamlineError } from '../common/seamline-error.ts';
import { projectPath } from '../config/config.loader.ts';
import { AppConfig } from '../config/config.schema.ts';
import { parseBundleManifest } from '../contract/bundle-manifest.ts';
import { JobsService } from '../jobs/jobs.service.ts';
import { ffmpegPath } from '../jobs/pipeline-settings.ts';
import type { LogLoss } from '../logging/log-output.ts';
import { LOG_LOSS } from '../logging/logging.module.ts';
import { ServerPorts } from '../net/server-ports.ts';
import { findFfmpeg } from '../process/ffmpeg.ts';

/** One thing the server needs. */
export interface Check {
  readonly name: 'ffmpeg' | 'model' | 'ports' | 'disk';
  readonly isReady: boolean;
  /** The server does its work, but somebody should look at it. */
  readonly isWarning?: boolean;
  /** What it is, or what is missing and what to do, in plain words. */
  readonly detail: string;
}

/** A found ffmpeg is not looked for again for this long, ms. */
const FFMPEG_VALID_MS = 60_000;

/**
 * Whether jobs can be run: ffmpeg, the default bundle of networks, and the ports. A full disk is a warning: no picture is
 * ever stored, so jobs go on and new ones start; only what is to be kept for later is at risk.
 */
@Injectable()
export class Readiness {
  readonly #config: AppConfig;
  readonly #ports: ServerPorts;
  readonly #jobs: JobsService;
  readonly #loss: LogLoss;
  #ffmpeg: { readonly check: Check; readonly untilMs: number } | undefined;
  #isListening = false;
  #isStopping = false;

  constructor(
    @Inject(AppConfig) config: AppConfig,
    @Inject(ServerPorts) ports: ServerPorts,
    @Inject(JobsService) jobs: JobsService,
    @Inject(LOG_LOSS) loss: LogLoss,
  ) {
    this.#config = config;
    this.#ports = ports;
    this.#jobs = jobs;
    this.#loss = loss;
  }

  /** Called once all servers listen. */
  markListening(): void {
    this.#isListening = true;
  }

  /** Called when the server begins to stop: what balances load sends nobody here any more. */
  markStopping(): void {
    this.#isStopping = true;
  }

  async checks(): Promise<readonly Check[]> {
    return Promise.all([this.#ffmpegCheck(), this.#modelCheck(), this.#portsCheck(), this.#diskCheck()]);
  }

  async #ffmpegCheck(): Promise<Check> {
    const nowMs = performance.now();
    if (this.#ffmpeg !== undefined && nowMs < this.#ffmpeg.untilMs) return this.#ffmpeg.check;
    const check = await attempt('ffmpeg', async () => {
      const { version } = await findFfmpeg(ffmpegPath(this.#config));
      return `version ${version.join('.')}`;
    });
    if (check.isReady) this.#ffmpeg = { check, untilMs: nowMs + FFMPEG_VALID_MS };
    return check;
  }

  async #modelCheck(): Promise<Check> {
    const { model } = this.#config.jobs.defaults;
    const folder = join(projectPath(this.#config.inference.modelDir), model);
    return attempt('model', async () => {
      const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => {
        throw new SeamlineError('model-invalid', `the bundle ${model} has no manifest.json below inference.modelDir`);
      });
      const manifest = parseBundleManifest(JSON.parse(text));
      for (const { file } of Object.values(manifest.networks)) {
        await stat(join(folder, file)).catch(() => {
          throw new SeamlineError('model-invalid', `the bundle ${model} lacks its file ${file}`);
        });
      }
      return `${manifest.name} ${manifest.version}`;
    });
  }

  async #diskCheck(): Promise<Check> {
    const lines = `${this.#loss.lostLines} lines of the log could not be written`;
    const problems = [this.#jobs.keeping?.problem, this.#loss.isLosing ? lines : undefined];
    const known = problems.filter((problem) => problem !== undefined);
    if (known.length > 0) return { name: 'disk', isReady: true, isWarning: true, detail: known.join('; ') };
    return { name: 'disk', isReady: true, detail: 'state file and log are written' };
  }

  async #portsCheck(): Promise<Check> {
    if (this.#isStopping) return { name: 'ports', isReady: false, detail: 'the server is stopping' };
    if (!this.#isListening) return { name: 'ports', isReady: false, detail: 'the servers do not listen yet' };
    return {
      name: 'ports',
      isReady: true,
      detail: `http ${this.#ports.http}, rtsp ${this.#ports.rtsp}, webrtc ${this.#ports.media}`,
    };
  }
}

async function attempt(name: Check['name'], act: () => Promise<string>): Promise<Check> {
  try {
    return { name, isReady: true, detail: await act() };
  } catch (error) {
    // "Not ready" is the answer that was asked for; our own errors say why in words fit for strangers.
    const detail = error instanceof SeamlineError ? error.message : 'it cannot be checked; see the log';
    return { name, isReady: false, detail };
  }
}
