import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from '../../contract/report.ts';
import { openNetworks, type LoadedNetworks } from '../../inference/open-networks.ts';
import { stitchFiles } from '../../offline/stitch-files.ts';
import type { FfmpegInfo } from '../../process/ffmpeg.ts';
import { folderOf, offlineOptions } from '../offline-options.ts';
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
  const report = join(folder, 'report.json');
  const output = join(folder, 'panorama.mp4');
  await stitchFiles({ ...offlineOptions(ffmpeg, { model }, signal), inputs: videos, output, report, frames });
  return trackOfReport(JSON.parse(await readFile(report, 'utf8')) as Report);
}

/** The networks of a bundle on the processor, for replays. */
export function loadNetworks(model: string): Promise<LoadedNetworks> {
  return openNetworks(folderOf({ model }), undefined, { provider: 'cpu', deviceId: undefined, threads: 1 });
}
