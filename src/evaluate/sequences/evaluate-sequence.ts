import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../config/config.loader.ts';
import type { Homography } from '../../geometry/homography.ts';
import type { FfmpegInfo } from '../../process/ffmpeg.ts';
import { cameraMotions } from './camera-motions.ts';
import { csvOf, type WaySeries } from './frame-table.ts';
import { liveTrack } from './live-run.ts';
import { figuresOf, measureTrack, overshootOf, pathOf, type Series } from './measure-track.ts';
import { loadNetworks, offlineTrack } from './offline-track.ts';
import { plotOf } from './plot.ts';
import type { Sequence } from './sequences.ts';
import type { Row } from './table.ts';
import type { Track } from './track.ts';

/** How sequences are measured. */
export interface SequenceOptions {
  readonly ffmpeg: FfmpegInfo;
  readonly model: string;
  /** Frames at most. */
  readonly frames: number;
  /** Alignment of every so many panoramas. */
  readonly every: number;
  /** Folder of the results. */
  readonly out: string;
  /** Folder of temporary files. */
  readonly temporary: string;
}

/** The sums of one sequence's ways and its series. */
export interface SequenceResult {
  readonly rows: readonly Row[];
  readonly ways: readonly WaySeries[];
}

/**
 * Stitches one sequence offline, replays it live with and without following, and measures all of it; writes
 * NAME.svg and NAME.csv.
 * @throws SeamlineError as `stitchFiles`, and when nothing of it could be aligned
 */
export async function evaluateSequence(
  sequence: Sequence,
  options: SequenceOptions,
  signal: AbortSignal,
): Promise<SequenceResult> {
  const { ffmpeg, model, every, temporary } = options;
  const { name, videos } = sequence;
  const offline = await offlineTrack(ffmpeg, videos, model, options.frames, temporary, signal);
  const { reference, target } = offline.views;
  const motions = [
    await cameraMotions(ffmpeg.path, videos[0], reference),
    await cameraMotions(ffmpeg.path, videos[1], target),
  ] as const;
  const measure = (track: Track, stage: 'shown' | 'raw', first = 0): Promise<Series> => {
    const later = motions.map((all) => all.slice(first)) as [Homography[], Homography[]];
    return measureTrack(ffmpeg.path, sequence, track, stage, later, every, first);
  };
  const shown = await measure(offline, 'shown');
  const raw = await measure(offline, 'raw');
  const rows: Row[] = [
    { sequence: name, way: 'offline', ...figuresOf(shown), overshootPx: overshootOf(shown.path, raw.path) },
    { sequence: name, way: 'unsmoothed', ...figuresOf(raw), overshootPx: undefined },
  ];
  const ways: WaySeries[] = [
    { way: 'offline', series: shown, first: 0 },
    { way: 'unsmoothed', series: raw, first: 0 },
  ];
  const networks = await loadNetworks(model);
  try {
    const budgetShare = loadConfig().inference.budget;
    for (const follows of [false, true]) {
      const replay = { fps: 25, budgetShare, follows, frames: options.frames };
      const { track, first } = await liveTrack(ffmpeg.path, videos, networks, offline.views, replay);
      const series = await measure(track, 'shown', first);
      const way = `live, ${follows ? 'followed' : 'held'}`;
      const overshootPx = overshootOf(series.path, pathOf(track, 'raw', motions[0].slice(first)));
      rows.push({ sequence: name, way, ...figuresOf(series), overshootPx });
      ways.push({ way, series, first });
    }
  } finally {
    await networks.close();
  }
  const [drawn, unsmoothed, held, live] = ways.map(({ series }) => series) as [Series, Series, Series, Series];
  const plot = plotOf(name, [
    { name: 'raw', series: unsmoothed },
    { name: 'shown', series: drawn },
    { name: 'held', series: held },
    { name: 'live', series: live },
  ]);
  await writeFile(join(options.out, `${name}.svg`), plot);
  await writeFile(join(options.out, `${name}.csv`), csvOf(ways));
  return { rows, ways };
}
