/**
 * Set-up of a fresh machine, under any Node from 18 on: dependencies, system packages, build.
 * `node scripts/setup.mjs [runtime|test|gpu]`; every step is skipped when its result is there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { RUNTIME_PACKAGES, TEST_PACKAGES } from './system-packages.mjs';

/** npm that is used where the system's Node is too old for its own to install everything. */
const NPM_VERSION = '11.19.1';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const say = (line) => process.stderr.write(`${line}\n`);

/** Runs a program in the repository with its output shown; ends this process when it fails. */
export function run(command, args, env = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (result.status !== 0) {
    say(`${command} ${args.join(' ')} failed${result.error ? `: ${result.error.message}` : ''}`);
    process.exit(result.status ?? 1);
  }
}

/** npm leaves native parts of tools out when its own Node is older than they ask for. */
const OLDEST_NODE_FOR_NPM = [20, 19];

/** Runs npm: the system's, or on an older system a current one under the pinned Node, both from the registry. */
function npm(args) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE_FOR_NPM;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return run('npm', args);
  const tools = join(root, '.cache/npm');
  const node = join(tools, `node_modules/node-linux-${process.arch}/bin/node`);
  const cli = join(tools, 'node_modules/npm/bin/npm-cli.js');
  if (!existsSync(node) || !existsSync(cli)) {
    const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const pinned = `node-linux-${process.arch}`;
    const packages = [`${pinned}@${optionalDependencies[pinned]}`, `npm@${NPM_VERSION}`];
    run('npm', ['install', '--prefix', tools, '--no-save', '--no-audit', '--no-fund', '--loglevel=error', ...packages]);
  }
  return run(node, [cli, ...args]);
}

/** `npm ci`, when node_modules is missing or was made from another lock file. */
export function ensureDependencies() {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const stamp = join(root, 'node_modules/.seamline-lock');
  const node = join(root, 'node_modules/.bin/node');
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('installing the npm packages (npm ci) …');
  npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  const shipped = join(root, `node_modules/node-linux-${process.arch}/bin/node`);
  // npm 9 (Debian 12) does not link the programs of optional packages when install scripts are off.
  if (!existsSync(node) && existsSync(shipped)) symlinkSync(shipped, node);
  if (!existsSync(node)) {
    say('Node 24 did not come with the packages: this processor is not supported (x64 and arm64 are)');
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

function missingPackages(packages) {
  if (!existsSync('/usr/bin/dpkg-query')) return [];
  return packages.filter(({ name }) => {
    const result = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' });
    return result.stdout !== 'installed';
  });
}

/** System packages: installed as root, else the command that installs them is named. */
export function ensureSystemPackages(packages) {
  let missing = missingPackages(packages);
  if (packages !== TEST_PACKAGES && spawnSync('ffmpeg', ['-version']).status === 0) {
    missing = missing.filter(({ name }) => name !== 'ffmpeg');
  }
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...names];
  if (process.getuid?.() !== 0) {
    say('These system packages are missing:');
    for (const { name, why } of missing) say(`  ${name}: ${why}`);
    say(`Install them with:\n  sudo apt-get update && sudo ${install.join(' ')}`);
    process.exit(1);
  }
  say(`installing system packages: ${names.join(' ')} …`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const quiet = ['-qq', '-o', 'Dpkg::Use-Pty=0'];
  run('apt-get', ['update', ...quiet], env);
  run('apt-get', [...quiet, ...install.slice(1)], env);
}

/** Compiles kernels and server when a source is newer than the build. */
export async function ensureBuild() {
  run(join(root, 'node_modules/.bin/node'), ['scripts/build.mjs', '--if-stale']);
}

/** GPU libraries of ONNX Runtime: the one step that downloads from outside the registry, so it is never automatic. */
function installGpu() {
  ensureDependencies();
  say('downloading the CUDA and TensorRT providers of ONNX Runtime …');
  run('npm', ['rebuild', 'onnxruntime-node', '--ignore-scripts=false'], { ONNXRUNTIME_NODE_INSTALL: 'cuda12' });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const what = process.argv[2] ?? 'runtime';
  if (what === 'gpu') installGpu();
  else {
    ensureDependencies();
    ensureSystemPackages(what === 'test' ? TEST_PACKAGES : RUNTIME_PACKAGES);
    await ensureBuild();
    say('set-up is complete');
  }
}
