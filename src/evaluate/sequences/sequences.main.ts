import 'reflect-metadata';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SeamlineError } from '../../common/seamline-error.ts';
import { loadConfig } from '../../config/config.loader.ts';
import type { Homography } from '../../geometry/homography.ts';
import { readPicture } from '../../model-tools/picture.ts';
import { findFfmpeg, type FfmpegInfo } from '../../process/ffmpeg.ts';
import { cameraMotions } from './camera-motions.ts';
import { liveTrack } from './live-run.ts';
import { figuresOf, measureTrack, overshootOf, pathOf, type Figures, type Series } from './measure-track.ts';
import { loadNetworks, offlineTrack } from './offline-track.ts';
import { plotOf, type NamedSeries } from './plot.ts';
import { renderSequences } from './rendered.ts';
import { findSequences, type Sequence } from './sequences.ts';
import type { Track } from './track.ts';

const USAGE = `npm run evaluate:sequences -- FOLDER... [flags]: alignment, stability and distortion, frame by frame

FOLDER/NAME/left.mp4 and right.mp4, or FOLDER/NAME-left.mp4 and NAME-right.mp4, are the videos of two cameras.

      --render PICTURE  also sequences with known motion, rendered from this picture of 1280 × 720
      --model NAME      bundle of networks (lite)
      --frames N        the first N frames of each alone (300)
      --every N         alignment of every N-th panorama (10)
      --out DIR         sequences.json, sequences.txt and a plot of each sequence go there (var/sequences)

Each sequence is stitched by the offline command and measured from its report, as drawn and before smoothing; then a
live job is replayed on a clock of its own, with geometries carried on to each pair and without. docs/quality.md
explains the figures.
`;

/** One line of the table. */
interface Row extends Figures {
  readonly sequence: string;
  readonly way: string;
  readonly overshootPx: number | undefined;
}

const HEAD =
  'sequence           way              PSNR dB    SSIM  error px   worst  stability  longest step px  distortion  overshoot px';

function rowText(row: Row): string {
  const number = (value: number | undefined, digits: number, width: number): string =>
    (value === undefined ? '–' : value.toFixed(digits)).padStart(width);
  return [
    row.sequence.padEnd(18),
    row.way.padEnd(14),
    number(row.psnrDb, 2, 9),
    number(row.ssim, 4, 7),
    number(row.errorPx, 2, 9),
    number(row.worstErrorPx, 2, 7),
    number(row.stability, 4, 10),
    number(row.longestStepPx, 3, 16),
    number(row.distortion, 3, 11),
    number(row.overshootPx, 2, 13),
  ].join(' ');
}

interface Options {
  readonly ffmpeg: FfmpegInfo;
  readonly model: string;
  readonly frames: number;
  readonly every: number;
  readonly out: string;
  readonly temporary: string;
}

async function evaluateSequence(sequence: Sequence, options: Options, signal: AbortSignal): Promise<Row[]> {
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
  const plotted: NamedSeries[] = [
    { name: 'raw', series: raw },
    { name: 'shown', series: shown },
  ];
  const networks = await loadNetworks(model);
  try {
    const budgetShare = loadConfig().inference.budget;
    for (const [way, follows] of [
      ['held', false],
      ['live', true],
    ] as const) {
      const replay = { fps: 25, budgetShare, follows, frames: options.frames };
      const { track, first } = await liveTrack(ffmpeg.path, videos, networks, offline.views, replay);
      const series = await measure(track, 'shown', first);
      rows.push({
        sequence: name,
        way: `live, ${follows ? 'followed' : 'held'}`,
        ...figuresOf(series),
        overshootPx: overshootOf(series.path, pathOf(track, 'raw', motions[0].slice(first))),
      });
      plotted.push({ name: way, series });
    }
  } finally {
    await networks.close();
  }
  await writeFile(join(options.out, `${name}.svg`), plotOf(name, plotted));
  return rows;
}

async function main(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      render: text,
      model: { ...text, default: 'lite' },
      frames: { ...text, default: '300' },
      every: { ...text, default: '10' },
      out: { ...text, default: 'var/sequences' },
      help: { type: 'boolean', default: false },
    },
  });
  const [frames, every] = [Number(values.frames), Number(values.every)];
  const isWrong = !(frames >= 1) || !(every >= 1) || (positionals.length === 0 && values.render === undefined);
  if (values.help || isWrong) {
    process[values.help ? 'stdout' : 'stderr'].write(USAGE);
    return values.help ? 0 : 2;
  }
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  const ffmpeg = await findFfmpeg();
  const out = resolve(values.out);
  await mkdir(out, { recursive: true });
  const temporary = await mkdtemp(join(tmpdir(), 'seamline-sequences-'));
  const rows: Row[] = [];
  try {
    const sequences = positionals.flatMap(findSequences);
    if (values.render !== undefined)
      sequences.push(...(await renderSequences(ffmpeg.path, await readPicture(ffmpeg.path, values.render), temporary)));
    say(HEAD);
    for (const sequence of sequences) {
      interruption.signal.throwIfAborted();
      const options = { ffmpeg, model: values.model, frames, every, out, temporary };
      for (const row of await evaluateSequence(sequence, options, interruption.signal)) {
        rows.push(row);
        say(rowText(row));
      }
    }
    await writeFile(join(out, 'sequences.txt'), `${[HEAD, ...rows.map(rowText)].join('\n')}\n`);
    await writeFile(
      join(out, 'sequences.json'),
      `${JSON.stringify({ version: 1, model: values.model, rows }, undefined, 1)}\n`,
    );
    return 0;
  } catch (error) {
    if (interruption.signal.aborted) return 130;
    if (!(error instanceof SeamlineError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

process.exitCode = await main(process.argv.slice(2));
