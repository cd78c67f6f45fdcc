import { afterAll, describe, expect, it } from 'vitest';

import type { PlaneGeometry } from '../../../src/contract/warp-state.ts';
import { openNetworks } from '../../../src/inference/open-networks.ts';
import { drawView } from '../../helpers/textured-scene.ts';

const network = { widthPx: 480, heightPx: 360 };
const view = { widthPx: 1280, heightPx: 720 };
const folder = new URL('../../../models/lite', import.meta.url).pathname;
const networks = await openNetworks(folder, undefined, { provider: 'cpu', deviceId: undefined, threads: 1 });
afterAll(() => networks.close());

const [c, s] = [Math.cos(0.02), Math.sin(0.02)];
const left = drawView(network, Float64Array.from([1, 0, 300, 0, 1, 200, 0, 0, 1]));
const right = drawView(network, Float64Array.from([c, -s, 530, s, c, 205, 0, 0, 1]));

/** A view with other grain each time and with a bright square that walks through a fifth of it. */
function picture(base: Uint8Array, side: 0 | 1, t: number): Float32Array {
  const luma = Float32Array.from(base, (value, at) => value + 3 * Math.sin(at * 12.9898 + t * 78.233 + side));
  const from = 300 - 260 * side + 6 * t;
  for (let y = 120; y < 320; y += 1) {
    for (let x = from; x < from + 160 && x < network.widthPx; x += 1) {
      if (x >= 0) luma[y * network.widthPx + x] = ((x - from) >> 4) % 2 === y >> 4 ? 60 : 200;
    }
  }
  return luma;
}

function longestStep(a: PlaneGeometry, b: PlaneGeometry): number {
  let longest = 0;
  for (const side of ['reference', 'target'] as const) {
    for (let at = 0; at < a[side].length; at += 2) {
      longest = Math.max(longest, Math.hypot(a[side][at]! - b[side][at]!, a[side][at + 1]! - b[side][at + 1]!));
    }
  }
  return longest;
}

describe('cameras that stand still before a scene that moves', () => {
  it('no control point moves by more than a fifth of a pixel between two pictures, live', async () => {
    const pairs = networks.pipeline({ reference: view, target: view }, 'live');
    const steps: number[] = [];
    let before: PlaneGeometry | undefined;
    for (let t = 0; t < 50; t += 1) {
      const { geometry, isMoving } = await pairs.next(
        picture(left, 0, t),
        picture(right, 1, t),
        40_000 * t,
        t % 5 === 0,
      );
      expect(isMoving, `pair ${t}`).toBe(false);
      if (geometry !== undefined && before !== undefined) steps.push(longestStep(geometry, before));
      before = geometry;
    }
    expect(steps.length).toBeGreaterThan(40);
    expect(Math.max(...steps)).toBeLessThan(0.2);
  });
});
