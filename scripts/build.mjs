/** Builds kernels (AssemblyScript) and server (nest build). `--if-stale` does nothing when no source is newer. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDependencies } from './setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'dist/.built');
const inputs = ['src', 'package-lock.json', 'tsconfig.json', 'nest-cli.json', 'scripts/build.mjs'];

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const inside = readdirSync(path).filter((name) => name !== 'build');
  return Math.max(0, ...inside.map((name) => newest(join(path, name))));
}

const isFresh = () =>
  existsSync(stamp) && inputs.every((input) => newest(join(root, input)) <= statSync(stamp).mtimeMs);

function runNode(script, args) {
  const result = spawnSync(join(root, 'node_modules/.bin/node'), [script, ...args], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

if (!(process.argv.includes('--if-stale') && isFresh())) {
  ensureDependencies();
  const startedMs = Date.now();
  runNode('scripts/build-kernels.mjs', []);
  runNode('node_modules/@nestjs/cli/bin/nest.js', ['build']);
  writeFileSync(stamp, '');
  // As old as the start of the build, so that a source saved meanwhile counts as newer.
  utimesSync(stamp, startedMs / 1000, startedMs / 1000);
  process.stderr.write(`built in ${((Date.now() - startedMs) / 1000).toFixed(1)} s\n`);
}
