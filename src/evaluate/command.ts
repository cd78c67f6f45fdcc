import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readManifest } from '../inference/model-store.ts';
import { findFfmpeg } from '../process/ffmpeg.ts';
import { Baselines } from './baselines.ts';
import { findCases } from './cases.ts';
import { ContactSheet } from './contact-sheet.ts';
import type { Row } from './evaluate-case.ts';
import { evaluateCases } from './evaluate-folder.ts';
import { folderOf } from './offline-options.ts';
import { OfflineRun } from './offline-run.ts';
import { outputFolder } from './output-folder.ts';
import { runCommand, say, UsageError, writeResults } from './run-command.ts';
import { summarise } from './summary.ts';
import { rowText, summaryText, TABLE_HEAD } from './table.ts';

const USAGE = `npm run evaluate -- FOLDER [flags]: measures a bundle on a folder of pairs and clips

FOLDER/NAME/left.jpg and right.jpg (or .png) are a pair, left.mp4 and right.mp4 (.mkv, .mov) a clip. truth.json beside them
names corresponding points, FOLDER/no_overlap.csv pairs of views that have nothing in common.

      --model NAME      bundle of networks (lite)
      --profile NAME    another SpatialNet of the bundle
      --model-dir DIR   folder of the bundles
      --out DIR         evaluation.json, table.txt and worst.png go there (var/evaluation)
      --unrelated N     also N pairs of views of different places, which must be refused (0)
      --limit N         the first N pairs and the first N of no_overlap.csv alone, and no clip
      --clip-frames N   frames measured of each clip (8)
      --python PATH     a Python 3 with OpenCV, for the baselines (/usr/bin/python3)
      --no-baselines    without them

Each pair is stitched in both orders by the offline command, a clip as a whole; their warps are repeated from the report
and measured beside two baselines of OpenCV. docs/quality.md explains the figures. A case that cannot be measured counts
as refused and is named; the exit code is then 1.
`;

/** Everything the command line says. */
type Flags = ReturnType<typeof parse>;

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    const options = {
      model: { ...text, default: 'lite' },
      profile: text,
      'model-dir': text,
      out: { ...text, default: 'var/evaluation' },
      unrelated: { ...text, default: '0' },
      limit: text,
      'clip-frames': { ...text, default: '8' },
      python: { ...text, default: '/usr/bin/python3' },
      'no-baselines': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    } as const;
    return parseArgs({ args: [...args], allowPositionals: true, strict: true, options });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function whole(value: string, flag: string): number {
  if (/^\d{1,6}$/.test(value)) return Number(value);
  throw new UsageError(`--${flag} takes a whole number`);
}

/** Evaluates one folder. @returns whether every case could be measured */
async function evaluate({ values, positionals }: Flags, signal: AbortSignal): Promise<boolean> {
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new UsageError('give one FOLDER');
  const limit = values.limit === undefined ? undefined : whole(values.limit, 'limit');
  const cases = findCases(resolve(folder), whole(values.unrelated, 'unrelated'), limit);
  const clipFrames = whole(values['clip-frames'], 'clip-frames');
  const ffmpeg = await findFfmpeg();
  const out = await outputFolder(values.out);
  const model = { model: values.model, profile: values.profile, modelDir: values['model-dir'] };
  const { version, thresholds } = await readManifest(folderOf(model));
  const offline = await OfflineRun.create(ffmpeg, model, signal);
  const baselines = values['no-baselines'] ? undefined : new Baselines(values.python);
  const sheet = new ContactSheet();
  const rows: Row[] = [];
  try {
    say(TABLE_HEAD);
    const tools = { offline, baselines, ffmpeg: ffmpeg.path, clipFrames, threshold: thresholds.confidence, signal };
    for await (const evaluated of evaluateCases(cases, tools)) {
      rows.push(evaluated.row);
      sheet.add(evaluated);
      say(rowText(evaluated.row));
    }
  } finally {
    await Promise.all([offline.close(), baselines?.close()]);
  }
  const summary = summarise(rows);
  const text = `${values.model} ${version}\n${summaryText(summary)}`;
  await sheet.write(ffmpeg.path, join(out, 'worst.png'));
  const bundle = { model: values.model, version, profile: values.profile, thresholds };
  const json = { version: 1, bundle, summary, worst: sheet.names, rows };
  await writeResults(join(out, 'evaluation.json'), json);
  await writeFile(join(out, 'table.txt'), `${[TABLE_HEAD, ...rows.map(rowText), '', text].join('\n')}\n`);
  say(`\n${text}\n\nworst, from top to bottom of ${join(out, 'worst.png')}: ${sheet.names.join(', ')}`);
  return summary.failed.length === 0;
}

/** `npm run evaluate -- …`. @returns the exit code */
export function runEvaluate(args: readonly string[]): Promise<number> {
  return runCommand({ usage: USAGE, parse, evaluate }, args);
}
