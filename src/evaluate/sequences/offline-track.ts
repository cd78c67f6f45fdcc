import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadConfig, PROJECT_FOLDER } from '../../config/config.loader.ts';
import type { Report } from '../../contract/report.ts';
import { bundleFolder } from '../../inference/model-store.ts';
import { openNetworks, type LoadedNetworks } from '../../inference/open-networks.ts';
import { silentLogger } from '../../logging/logger.ts';
import { Progress } from '../../offline/progress.ts';
import { stitchFiles } from '../../offline/stitch-files.ts';
import type { FfmpegInfo } from '../../process/ffmpeg.ts';
import { trackOfReport, type Track } from './track.ts';

/** Stitches two videos as the offline command does and reads its report. @param folder for temporary files */
export async function offlineTrack(
  ffmpeg: FfmpegInfo,
  videos: readonly [string, string],
  model: string,
  frames: number,
  folder: string,
  signal: AbortSignal,
): Promise<Track> {
  const { inference } = loadConfig();
  const report = join(folder, 'report.json');
  await stitchFiles({
    inputs: videos,
    output: join(folder, 'panorama.mp4'),
    report,
    model,
    modelFolder: modelFolder(model),
    profile: undefined,
    frames,
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
  });
  return trackOfReport(JSON.parse(await readFile(report, 'utf8')) as Report);
}

/** The networks of a bundle on the processor, for replays. */
export function loadNetworks(model: string): Promise<LoadedNetworks> {
  return openNetworks(modelFolder(model), undefined, { provider: 'cpu', deviceId: undefined, threads: 1 });
}

function modelFolder(model: string): string {
  return bundleFolder(resolve(PROJECT_FOLDER, loadConfig().inference.modelDir), model);
}
