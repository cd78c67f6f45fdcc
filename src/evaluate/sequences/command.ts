import 'reflect-metadata';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SeamlineError } from '../../common/seamline-error.ts';
import { readManifest } from '../../inference/model-store.ts';
import { readPicture } from '../../model-tools/picture.ts';
import { findFfmpeg } from '../../process/ffmpeg.ts';
import { folderOf } from '../offline-options.ts';
import { outputFolder } from '../output-folder.ts';
import { runCommand, say, UsageError, writeResults } from '../run-command.ts';
import { evaluateSequence } from './evaluate-sequence.ts';
import { framesOf, type FrameFigures } from './frame-table.ts';
import { renderSequences } from './rendered.ts';
import { findSequences } from './sequences.ts';
import { HEAD, rowText, type FailedSequence, type Row } from './table.ts';

const USAGE = `npm run evaluate:sequences -- FOLDER... [flags]: alignment, stability and distortion, frame by frame

FOLDER/NAME/left.mp4 and right.mp4, or FOLDER/NAME-left.mp4 and NAME-right.mp4, are the videos of two cameras.

      --render PICTURE  also sequences with known motion, rendered from this picture of 1280 × 720
      --model NAME      bundle of networks (lite)
      --frames N        the first N frames of each alone (300)
      --every N         alignment of every N-th panorama (10)
      --out DIR         results go there (var/sequences)

Each sequence is stitched by the offline command and measured from its report, as drawn and before smoothing; then a
live job is replayed on a clock of its own, with geometries carried on to each pair and without. sequences.txt holds the
sums, NAME.csv and NAME.svg what was measured of each panorama, sequences.json both. A sequence that cannot be measured
is named; the exit code is then 1. docs/quality.md explains the figures.
`;

/** Everything the command line says. */
type Flags = ReturnType<typeof parse>;

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    render: text,
    model: { ...text, default: 'lite' },
    frames: { ...text, default: '300' },
    every: { ...text, default: '10' },
    out: { ...text, default: 'var/sequences' },
    help: { type: 'boolean', default: false },
  } as const;
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function count(value: string, flag: string): number {
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new UsageError(`--${flag} takes a whole number from 1 on`);
}

/** Measures all sequences. @returns whether every one could be measured */
async function evaluate({ values, positionals }: Flags, signal: AbortSignal): Promise<boolean> {
  if (positionals.length === 0 && values.render === undefined)
    throw new UsageError('give a FOLDER or --render PICTURE');
  const [frames, every] = [count(values.frames, 'frames'), count(values.every, 'every')];
  const sequences = positionals.flatMap(findSequences);
  const { version } = await readManifest(folderOf(values));
  const ffmpeg = await findFfmpeg();
  const out = await outputFolder(values.out);
  const temporary = await mkdtemp(join(tmpdir(), 'seamline-sequences-'));
  const rows: (Row | FailedSequence)[] = [];
  const series: Record<string, Record<string, FrameFigures[]>> = {};
  const tell = (row: Row | FailedSequence): void => {
    rows.push(row);
    say(rowText(row));
  };
  try {
    if (values.render !== undefined)
      sequences.push(...(await renderSequences(ffmpeg.path, await readPicture(ffmpeg.path, values.render), temporary)));
    say(HEAD);
    for (const sequence of sequences) {
      signal.throwIfAborted();
      const options = { ffmpeg, model: values.model, frames, every, out, temporary };
      try {
        const result = await evaluateSequence(sequence, options, signal);
        for (const row of result.rows) tell(row);
        series[sequence.name] = Object.fromEntries(result.ways.map((one) => [one.way, framesOf(one)]));
      } catch (error) {
        // One clip that cannot be read or aligned must not cost what was measured of the others.
        if (signal.aborted || !(error instanceof SeamlineError)) throw error;
        tell({ sequence: sequence.name, failure: error.message });
      }
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  const json = { version: 1, bundle: { model: values.model, version }, rows, frames: series };
  await writeFile(join(out, 'sequences.txt'), `${[HEAD, ...rows.map(rowText)].join('\n')}\n`);
  await writeResults(join(out, 'sequences.json'), json);
  return rows.every((row) => !('failure' in row));
}

/** `npm run evaluate:sequences -- …`. @returns the exit code */
export function runSequences(args: readonly string[]): Promise<number> {
  return runCommand({ usage: USAGE, parse, evaluate }, args);
}
