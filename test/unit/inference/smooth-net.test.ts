import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';

import { parseBundleManifest, type BundleManifest } from '../../../src/contract/bundle-manifest.ts';
import type { NetworkSession } from '../../../src/inference/runtime/session.ts';
import { SmoothNet } from '../../../src/inference/smooth-net.ts';

const POINTS = 130;
let manifest: BundleManifest;
beforeAll(async () => {
  const file = new URL('../../../models/lite/manifest.json', import.meta.url);
  manifest = parseBundleManifest(JSON.parse(await readFile(file, 'utf8')));
});

/** A network that wants everything `wanted(t)` px beside the newest position in its t-th answer. */
function smoother(wanted: (t: number) => number): SmoothNet {
  let t = 0;
  const run = (): Promise<Record<string, Float32Array>> => {
    t += 1;
    return Promise.resolve({ out: new Float32Array(2 * POINTS).fill(wanted(t - 1)) });
  };
  return new SmoothNet({ run, lastMs: 1 } as unknown as NetworkSession, manifest, 1);
}

/** Where the first control point is shown on its way. */
async function shown(net: SmoothNet, places: readonly number[]): Promise<number[]> {
  const all: number[] = [];
  for (const place of places) {
    const correction = await net.correction(new Float64Array(2 * POINTS).fill(place));
    all.push(place + correction[0]!);
  }
  return all;
}

describe('a smoothed path', () => {
  it('does not go past a turn, whatever the network says', async () => {
    const turn = [0, 0, 0, 20, 20, 20, 20, 20, 20];
    const net = smoother((t) => [0, 0, 0, -18, -12, -5, 0.9, 0.6, 0.2][t]!);
    const places = await shown(net, turn);
    const wanted = [0, 0, 0, 2, 8, 15, 20, 20, 20];
    for (const [t, place] of places.entries()) expect(place).toBeCloseTo(wanted[t]!, 4);
  });

  it('may come after its path by longer than the window', async () => {
    const turn = [0, ...Array.from({ length: 20 }, () => 20)];
    const places = await shown(
      smoother((t) => (t === 0 ? 0 : -20 + t)),
      turn,
    );
    for (const [t, place] of places.entries()) expect(place).toBeCloseTo(t, 4);
  });
});
