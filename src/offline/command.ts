import 'reflect-metadata';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SeamlineError } from '../common/seamline-error.ts';
import { loadConfig, PROJECT_FOLDER } from '../config/config.loader.ts';
import type { Fill } from '../contract/job-spec.ts';
import { bundleFolder } from '../inference/model-store.ts';
import { silentLogger } from '../logging/logger.ts';
import { findFfmpeg } from '../process/ffmpeg.ts';
import { Progress } from './progress.ts';
import { stitchFiles, type StitchOptions, type StitchSummary } from './stitch-files.ts';

const USAGE = `seamline stitch LEFT RIGHT -o OUT [flags]: stitch two videos or two pictures

  -o, --output FILE        .mp4, .mov or .mkv for videos; .png or .jpg for pictures
      --report FILE        writes how every picture was warped (JSON, docs/report.md)
      --model NAME         bundle of networks (lite)
      --profile NAME       another SpatialNet of the bundle, for example quality
      --frames N           stops after N pairs
      --width PX           views are scaled down to this width (1280)
      --fill black|crop    black border, or the largest rectangle without one (black)
      --max-output-width PX                  longest side of the panorama (2560)
      --output-width PX, --output-height PX  size of the panorama, multiples of 16
      --model-dir DIR      folder of the bundles

LEFT and RIGHT may lie in any arrangement. Their frames are paired by their times in the files.
`;

/** Exit code of a shell for a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** A command line that cannot be understood. */
class UsageError extends Error {}

/**
 * `seamline stitch …`.
 * @param argv what follows `stitch`
 * @returns the exit code: 0 (also when the views were only put side by side), 1 when something failed, 2 for a wrong
 * command line, 130 after Ctrl-C
 */
export async function runStitch(argv: readonly string[]): Promise<number> {
  if (argv.some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const progress = new Progress(process.stderr);
  try {
    const options = await readOptions(argv, progress, interruption.signal);
    const summary = await stitchFiles(options);
    progress.end();
    process.stderr.write(`${sentence(summary, options.output)}\n`);
    return 0;
  } catch (error) {
    progress.end();
    return explain(error, interruption.signal);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function explain(error: unknown, signal: AbortSignal): number {
  if (signal.aborted) {
    process.stderr.write('stopped; nothing was written\n');
    return INTERRUPTED;
  }
  if (error instanceof UsageError) {
    process.stderr.write(`seamline stitch: ${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (!(error instanceof SeamlineError)) throw error;
  process.stderr.write(`seamline stitch: ${error.message}\n`);
  return 1;
}

function sentence({ pairs, aligned, size, provider, reason }: StitchSummary, output: string): string {
  const what = `${output}: ${size.widthPx} x ${size.heightPx}, ${pairs} ${pairs === 1 ? 'pair' : 'pairs'}, networks on ${provider}`;
  if (aligned === pairs) return what;
  if (aligned === 0) return `${what}\nthe views are only put side by side: ${reason}`;
  return `${what}\n${pairs - aligned} pairs were not aligned and show the nearest alignment: ${reason}`;
}

async function readOptions(argv: readonly string[], progress: Progress, signal: AbortSignal): Promise<StitchOptions> {
  const { values, positionals } = parse(argv);
  const [left, right, ...more] = positionals;
  if (left === undefined || right === undefined || more.length > 0)
    throw new UsageError('give two files, LEFT and RIGHT');
  if (values.output === undefined) throw new UsageError('say where the panorama goes: -o FILE');
  const config = loadConfig();
  const modelDir = resolve(values['model-dir'] ?? resolve(PROJECT_FOLDER, config.inference.modelDir));
  const model = values.model ?? config.jobs.defaults.model;
  return {
    inputs: [left, right],
    output: values.output,
    report: values.report,
    model,
    modelFolder: bundleFolder(modelDir, model),
    profile: values.profile,
    frames: whole(values.frames, 'frames', 1),
    viewWidthPx: whole(values.width, 'width', 64) ?? 1280,
    canvas: {
      maxWidthPx: whole(values['max-output-width'], 'max-output-width', 160) ?? 2560,
      outputWidthPx: whole(values['output-width'], 'output-width', 160),
      outputHeightPx: whole(values['output-height'], 'output-height', 160),
      fill: readFill(values.fill),
    },
    providers: config.inference.providers,
    deviceId: config.inference.devices[0],
    threads: config.inference.threads,
    preset: 'medium',
    ffmpeg: await findFfmpeg(config.ffmpeg.path),
    progress,
    signal,
    log: silentLogger,
  };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      strict: true,
      options: {
        output: { type: 'string', short: 'o' },
        report: text,
        model: text,
        profile: text,
        frames: text,
        width: text,
        fill: text,
        'max-output-width': text,
        'output-width': text,
        'output-height': text,
        'model-dir': text,
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** @throws UsageError for anything but a whole number in range */
function whole(value: string | undefined, flag: string, minimum: number): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= minimum && number <= 1e7) return number;
  throw new UsageError(`--${flag} takes a whole number of at least ${minimum}`);
}

function readFill(value: string | undefined): Fill {
  if (value === undefined || value === 'black') return 'black';
  if (value === 'crop') return 'crop';
  throw new UsageError('--fill takes black or crop');
}
