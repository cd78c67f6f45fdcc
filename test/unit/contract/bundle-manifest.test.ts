import { describe, expect, it } from 'vitest';
import { parseBundleManifest } from '../../../src/contract/bundle-manifest.ts';
import type { SeamlineError } from '../../../src/common/seamline-error.ts';

const network = (file: string): object => ({
  file,
  sha256: 'a'.repeat(64),
  inputs: [{ name: 'views', shape: [1, 2, 360, 480] }],
  outputs: [{ name: 'motion', shape: [1, 2, 9, 9] }],
});

function aManifest(overrides: object = {}): object {
  return {
    schema: 1,
    name: 'lite',
    kind: 'lite',
    version: '1.0.0',
    description: 'small',
    licence: 'Apache-2.0',
    origin: 'ours',
    input: { width: 480, height: 360, pixels: 'luma', mean: 0, scale: 255 },
    grid: { rows: 8, cols: 8 },
    window: 7,
    smoothing: 'canvas',
    thresholds: { confidence: 0.5, overlap: 0.1 },
    networks: { spatial: network('spatial.onnx'), temporal: network('temporal.onnx'), smooth: network('smooth.onnx') },
    ...overrides,
  };
}

function mistakesOf(value: unknown): string[] {
  try {
    parseBundleManifest(value);
  } catch (error) {
    expect((error as SeamlineError).type).toBe('model-invalid');
    return ((error as SeamlineError).errors ?? []).map(({ field }) => field);
  }
  return [];
}

describe('a manifest', () => {
  it('is taken as it is when everything fits', () => {
    const value = aManifest({ profiles: { quality: { spatial: network('spatial-quality.onnx') } } });

    expect(parseBundleManifest(value)).toBe(value);
  });

  it.each([
    ['another schema', { schema: 2 }, 'manifest.schema'],
    ['an unknown key', { colour: 'red' }, 'manifest.colour'],
    ['a folder in a name', { name: '../lite' }, 'manifest.name'],
    ['an empty text', { licence: '' }, 'manifest.licence'],
    ['a share above 1', { thresholds: { confidence: 2, overlap: 0 } }, 'manifest.thresholds.confidence'],
    ['a size of zero', { grid: { rows: 0, cols: 8 } }, 'manifest.grid.rows'],
    ['no object', { input: [] }, 'manifest.input'],
    ['a file outside', { networks: { spatial: network('../x.onnx') } }, 'manifest.networks.spatial.file'],
    ['a missing network', { networks: { spatial: network('a.onnx') } }, 'manifest.networks.smooth'],
    ['a profile that is none', { profiles: { x: 1 } }, 'manifest.profiles.x'],
  ])('with %s is refused with the name of the key', (_what, overrides, field) => {
    expect(mistakesOf(aManifest(overrides))).toContain(field);
  });

  it('lists all its mistakes at once', () => {
    expect(mistakesOf(aManifest({ window: 'seven', smoothing: 'none', origin: 7 }))).toEqual([
      'manifest.origin',
      'manifest.window',
      'manifest.smoothing',
    ]);
  });

  it.each([null, [], 'text', 7])('that is %j is refused', (value) => {
    expect(mistakesOf(value)).toEqual(['manifest']);
  });
});
