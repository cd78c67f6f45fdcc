import { describe, expect, it } from 'vitest';
import { compileKernels } from '../../../src/compose/kernel-module.ts';
import { MAXIMUM_PAGES, SharedMemoryPlan } from '../../../src/contract/memory-plan.ts';
import { loadKernels } from '../../../src/kernels/index.ts';

describe('the kernels', () => {
  it('need nothing but the shared memory, and both builds offer the same functions', async () => {
    const [simd, relaxed] = [await compileKernels('simd'), await compileKernels('relaxed')];

    expect(WebAssembly.Module.imports(simd)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
    expect(WebAssembly.Module.imports(relaxed)).toEqual(WebAssembly.Module.imports(simd));
    expect(WebAssembly.Module.exports(relaxed)).toEqual(WebAssembly.Module.exports(simd));
  });

  it('refuse a memory that could grow beyond what they were built for', async () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: MAXIMUM_PAGES + 1, shared: true });

    const module = await compileKernels();

    expect(() => loadKernels(module, memory)).toThrow(WebAssembly.LinkError);
  });

  it('see memory that was added after they were loaded', async () => {
    const plan = new SharedMemoryPlan();
    const kernels = loadKernels(await compileKernels(), plan.memory);
    const size = { widthPx: 640, heightPx: 640 };
    const source = plan.allocate(640 * 640 * 1.5);
    const result = plan.allocate(4096);
    new Uint8Array(plan.memory.buffer, source, 640 * 640).fill(3);

    kernels.blockSums(source, size, result);

    expect(new Uint16Array(plan.memory.buffer, result, 1600).every((sum) => sum === 768)).toBe(true);
  });
});
