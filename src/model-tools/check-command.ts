import { resolve } from 'node:path';
import { bundleFolder, readBundle } from '../inference/model-store.ts';
import { findFfmpeg } from '../process/ffmpeg.ts';
import type { ModelFlags, Print } from './model-flags.ts';
import { compareArrays, passes, runFixture, type Comparison } from './fixture-check.ts';
import { readFixture } from './fixture.ts';
import { compareImages } from './image-check.ts';
import { loadOnce } from './load-once.ts';
import { modelFolder, sessionOptions } from './model-folder.ts';

/** `seamline models check`. @returns 1 when an array or picture exceeds its limit */
export async function checkCommand([name = '']: readonly string[], flags: ModelFlags, print: Print): Promise<number> {
  const bundle = await readBundle(bundleFolder(modelFolder(flags['model-dir']), name));
  const options = await sessionOptions(flags.provider ?? 'cpu');
  if (flags.fixture === undefined) {
    await loadOnce(bundle, options);
    print(`${name}: manifest, hashes and networks are as they should be (${options.provider})`);
    return 0;
  }
  const fixture = await readFixture(resolve(flags.fixture));
  const ffmpeg = (await findFfmpeg()).path;
  const isHalf = bundle.manifest.precision === 'float16';
  const run = await runFixture(bundle, fixture, options, ffmpeg);
  const comparisons = [
    ...(await compareArrays(run, fixture, isHalf)),
    ...(await compareImages(run, fixture, isHalf, ffmpeg)),
  ];
  report(comparisons, print);
  return comparisons.every(passes) ? 0 : 1;
}

function report(comparisons: readonly Comparison[], print: Print): void {
  const width = Math.max(5, ...comparisons.map(({ name }) => name.length));
  const row = (...cells: readonly string[]): string =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(width) : cell.padStart(11))).join(' ');
  print(row('array', 'largest', 'mean', 'limit', ''));
  for (const comparison of comparisons) {
    const { name, largest, mean, limit, fault } = comparison;
    const verdict = fault ?? (passes(comparison) ? 'ok' : 'EXCEEDS');
    print(row(name, digits(largest), digits(mean), limit === undefined ? 'none' : String(limit), verdict));
  }
  const failed = comparisons.filter((comparison) => !passes(comparison)).length;
  print(`${comparisons.length - failed} of ${comparisons.length} within their limits`);
}

const digits = (value: number): string => (Number.isNaN(value) ? '-' : value.toExponential(2));
