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
import { plotOf, type NamedSeries } from './plot.ts';
import type { Sequence } from './sequences.ts';
import type { FailedSequence, Row } from './table.ts';
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
  readonly rows: readonly (Row | FailedSequence)[];
  readonly ways: readonly WaySeries[];
}

/**
 * Stitches one sequence offline, replays it live with and without following, and measures all of it; writes
 * NAME.svg and NAME.csv. A live job that never aligned anything is a row that says so.
 * @throws SeamlineError as `stitchFiles`
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
  const rows: (Row | FailedSequence)[] = [
    { sequence: name, way: 'offline', ...figuresOf(shown), overshootPx: overshootOf(shown.path, raw.path) },
    { sequence: name, way: 'unsmoothed', ...figuresOf(raw), overshootPx: undefined },
  ];
  const ways: WaySeries[] = [
    { way: 'offline', series: shown, first: 0 },
    { way: 'unsmoothed', series: raw, first: 0 },
  ];
  const plotted: NamedSeries[] = [
    { name: 'raw', series: raw },
    { name: 'shown', series: shown },
  ];
  const networks = await loadNetworks(model);
  try {
    const budgetShare = loadConfig().inference.budget;
    for (const name of ['held', 'live'] as const) {
      const way = `live, ${name === 'held' ? 'held' : 'followed'}`;
      const replay = { fps: 25, budgetShare, follows: name === 'live', frames: options.frames };
      const live = await liveTrack(ffmpeg.path, videos, networks, offline.views, replay);
      if (live === undefined) {
        rows.push({ sequence: sequence.name, failure: `${way}: nothing was aligned` });
        continue;
      }
      const { track, first } = live;
      const series = await measure(track, 'shown', first);
      const overshootPx = overshootOf(series.path, pathOf(track, 'raw', motions[0].slice(first)));
      rows.push({ sequence: sequence.name, way, ...figuresOf(series), overshootPx });
      ways.push({ way, series, first });
      plotted.push({ name, series });
    }
  } finally {
    await networks.close();
  }
  await writeFile(join(options.out, `${name}.svg`), plotOf(name, plotted));
  await writeFile(join(options.out, `${name}.csv`), csvOf(ways));
  return { rows, ways };
}
