import { readFile } from 'node:fs/promises';

/** Where the compiled kernels lie, from src/compose and from dist/compose alike. */
const BUILD = new URL('../kernels/build/', import.meta.url);

/** Which build of the kernels: with relaxed SIMD (same bytes, about 10 % faster) or without. */
export type KernelVariant = 'relaxed' | 'simd';

/**
 * Compiles the kernels that this engine can run, the relaxed build where it validates. Do it once in the main thread
 * and hand the module to the workers.
 * @param variant takes this build instead; used to compare them
 * @throws Error when `npm run build` has not made the files
 */
export async function compileKernels(variant?: KernelVariant): Promise<WebAssembly.Module> {
  if (variant !== 'simd') {
    const relaxed = await read('kernels.relaxed.wasm');
    if (variant === 'relaxed' || WebAssembly.validate(relaxed)) return WebAssembly.compile(relaxed);
  }
  return WebAssembly.compile(await read('kernels.wasm'));
}

async function read(name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(new URL(name, BUILD)));
  } catch (cause) {
    throw new Error('the kernels are not built; run npm run build', { cause });
  }
}
