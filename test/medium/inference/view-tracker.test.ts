import { afterAll, describe, expect, it } from 'vitest';

import { applyAll, invert, multiply, type Homography } from '../../../src/geometry/homography.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';
import { readBundle } from '../../../src/inference/model-store.ts';
import { NetworkSession } from '../../../src/inference/runtime/session.ts';
import { TemporalNet } from '../../../src/inference/temporal-net.ts';
import { ViewTracker } from '../../../src/inference/view-tracker.ts';
import { median } from '../../helpers/alignment-error.ts';
import { drawView } from '../../helpers/textured-scene.ts';

const network = { widthPx: 480, heightPx: 360 };
const view = { widthPx: 960, heightPx: 720 };
const grid = { rows: 9, cols: 12 };
const { manifest, networks, files } = await readBundle(
  new URL('../../../models/lite', import.meta.url).pathname,
  undefined,
);
const session = await NetworkSession.open('TemporalNet', files.temporal, networks.temporal, {
  provider: 'cpu',
  deviceId: undefined,
  threads: 1,
});
const net = new TemporalNet(session, manifest);
afterAll(() => session.close());

/** Network pixels → the scene, for a camera turned by some pixels and a hundredth of a radian. */
function turned(dx: number, dy: number, turn: number): Homography {
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  return Float64Array.from([c, -s, 400 + dx, s, c, 300 + dy, 0, 0, 1]);
}

const picture = (sceneFromView: Homography, seed: number): Float32Array =>
  Float32Array.from(drawView(network, sceneFromView, { grain: [2, seed] }));

/** Distances, pixels of the view, between where the tracker says each control point was and where it was. */
function errors(motion: Float64Array, before: Homography, now: Homography): number[] {
  const rigid = rigidMesh(grid, view);
  const beforeFromNow = multiply(invert(before), now);
  const truth = applyAll(beforeFromNow, rigidMesh(grid, network));
  return Array.from({ length: rigid.length / 2 }, (_none, index) => {
    const [x, y] = [0, 1].map(
      (axis) => rigid[index * 2 + axis]! + motion[index * 2 + axis]! - 2 * truth[index * 2 + axis]!,
    );
    return Math.hypot(x!, y!);
  });
}

describe('one camera from picture to picture', () => {
  it('is followed to half a pixel while it shakes', async () => {
    const tracker = new ViewTracker(net, grid, view, network);
    const shake = [0, 1, 2, 3, 4, 5].map((t) =>
      turned(5 * Math.sin(1.9 * t), 4 * Math.sin(2.7 * t + 1), 0.006 * Math.sin(1.3 * t)),
    );
    for (const [t, sceneFromView] of shake.entries()) {
      const step = await tracker.step(picture(sceneFromView, t), 40_000 * t);
      if (t === 0) continue;
      expect(step.kind).toBe('moved');
      if (step.kind === 'moved') expect(median(errors(step.motion, shake[t - 1]!, sceneFromView))).toBeLessThan(0.5);
    }
  });

  it('is followed from the picture before when the first one has left the view', async () => {
    const tracker = new ViewTracker(net, grid, view, network);
    const pan = [0, 1, 2, 3, 4].map((t) => turned(11 * t, 0, 0));
    for (const [t, sceneFromView] of pan.entries()) {
      const step = await tracker.step(picture(sceneFromView, t), 40_000 * t);
      if (t === 0) continue;
      expect(step.kind).toBe('moved');
      if (step.kind === 'moved') expect(median(errors(step.motion, pan[t - 1]!, sceneFromView))).toBeLessThan(0.5);
    }
  });

  it('is believed to have done what is known of it, without asking the network', async () => {
    const tracker = new ViewTracker(net, grid, view, network);
    const shift = (px: number): Homography => Float64Array.from([1, 0, px, 0, 1, 0, 0, 0, 1]);
    const here = picture(turned(0, 0, 0), 1);
    await tracker.step(here, 0);
    expect(await tracker.step(here, 40_000, shift(0.2))).toEqual({ kind: 'still' });
    // Further than the network can see, and added to what came before.
    const step = await tracker.step(here, 80_000, shift(199.8));
    expect(step.kind).toBe('moved');
    if (step.kind === 'moved')
      for (const [at, value] of step.motion.entries()) expect(value).toBeCloseTo(at % 2 === 0 ? 200 : 0, 6);
    expect(tracker.runs).toBe(0);
  });

  it('stands still under grain alone, and is lost when it sees another place', async () => {
    const tracker = new ViewTracker(net, grid, view, network);
    await tracker.step(picture(turned(0, 0, 0), 1), 0);
    expect(await tracker.step(picture(turned(0, 0, 0), 2), 40_000)).toEqual({ kind: 'still' });
    expect(await tracker.step(picture(turned(5000, 3000, 0), 3), 80_000)).toEqual({ kind: 'lost' });
  });
});
