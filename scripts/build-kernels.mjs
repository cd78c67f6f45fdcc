/** Builds src/kernels/build/*.wasm from src/kernels/assembly when a source is newer than the output. */
import { spawn } from 'node:child_process';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const assembly = new URL('src/kernels/assembly/', root);
const build = new URL('src/kernels/build/', root);
const targets = { simd: 'kernels.wasm', relaxed: 'kernels.relaxed.wasm' };

async function changedMs(url) {
  return stat(url).then(
    (found) => found.mtimeMs,
    () => -Infinity,
  );
}

function compile(target) {
  const asc = fileURLToPath(new URL('node_modules/assemblyscript/bin/asc.js', root));
  const child = spawn(process.execPath, [asc, 'index.ts', '--config', 'asconfig.json', '--target', target], {
    cwd: fileURLToPath(assembly),
    stdio: 'inherit',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the AssemblyScript compiler ended with ${code} for ${target}`));
    });
  });
}

/**
 * Compiles both variants of the kernels, one after the other.
 * @returns {Promise<boolean>} false when everything was up to date
 */
export async function buildKernels() {
  const sources = (await readdir(assembly)).map((name) => new URL(name, assembly));
  const newestMs = Math.max(...(await Promise.all(sources.map(changedMs))), await changedMs(assembly));
  await mkdir(build, { recursive: true });
  let built = false;
  for (const [target, file] of Object.entries(targets)) {
    if ((await changedMs(new URL(file, build))) > newestMs) continue;
    await compile(target);
    built = true;
  }
  return built;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await buildKernels()) ? 'kernels built' : 'kernels are up to date');
}
