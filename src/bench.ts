import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_FOLDER } from './config/config.loader.ts';

const HELP = `seamline bench [NAME …] [--short]: measures this machine, one benchmark after the other

  NAME      the benchmarks to run, all by default
  --short   a few rounds each, to see that they run

Each prints sizes, threads, CPU and Node version with its figures. They are part of a clone, not of a copied dist.`;

/** Exit code for a name that no benchmark has, or where there are none. */
const EXIT_USAGE = 2;
const SUFFIX = '.bench.ts';

/** `seamline bench`: runs the benchmarks under test/bench, which Node reads as they are. @returns the exit code */
export async function runBench(args: readonly string[]): Promise<number> {
  if (args.some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const folder = join(PROJECT_FOLDER, 'test', 'bench');
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(SUFFIX)) : [];
  const known = files.map((file) => file.slice(0, -SUFFIX.length)).sort();
  const names = args.filter((word) => !word.startsWith('-'));
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0 || known.length === 0) {
    const missing = unknown.join(', ') || 'benchmark here';
    process.stderr.write(`seamline bench: there is no ${missing}; known are: ${known.join(', ')}\n`);
    return EXIT_USAGE;
  }
  const flags = args.filter((word) => word.startsWith('-'));
  for (const name of names.length > 0 ? names : known) {
    const child = spawn(process.execPath, [join(folder, name + SUFFIX), ...flags], { stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) return code ?? 1;
  }
  return 0;
}
