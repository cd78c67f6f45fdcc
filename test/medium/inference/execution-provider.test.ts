import { describe, expect, it } from 'vitest';

import { probeProvider, probeProviders } from '../../../src/inference/execution-provider.ts';

describe('probes of execution providers', () => {
  it('find that the processor works', async () => {
    expect(await probeProvider('cpu')).toBeUndefined();
  });

  it('go through the configured order and keep the reasons', async () => {
    const { usable, fallbacks } = await probeProviders(['abacus', 'tensorrt', 'cuda', 'webgpu', 'cpu']);
    expect(usable.at(-1)).toBe('cpu');
    expect(fallbacks.map(({ provider }) => provider)).toEqual(
      ['abacus', 'tensorrt', 'cuda', 'webgpu'].slice(0, fallbacks.length),
    );
    for (const { reason } of fallbacks) expect(reason).toMatch(/^[^/]{10,}$/s);
    expect(usable.length + fallbacks.length).toBe(5);
  });

  it('leave nothing to use when no provider is known', async () => {
    expect((await probeProviders(['abacus'])).usable).toEqual([]);
  });
});
