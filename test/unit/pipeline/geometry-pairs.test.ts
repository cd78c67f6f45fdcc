import { beforeAll, describe, expect, it } from 'vitest';

import { compileKernels } from '../../../src/compose/kernel-module.ts';
import { FrameRing } from '../../../src/contract/frame-ring.ts';
import { SharedMemoryPlan } from '../../../src/contract/memory-plan.ts';
import type { CanvasGeometry } from '../../../src/contract/warp-state.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';
import type { FramePair } from '../../../src/pairing/frame-pairer.ts';
import { FollowedPairs, timesOf } from '../../../src/pipeline/geometry-pairs.ts';
import { drawView } from '../../helpers/textured-scene.ts';

const view = { widthPx: 320, heightPx: 240 };
const grid = { rows: 3, cols: 4 };
const FRAME_US = 40_000;

/** A job's memory with pictures of two cameras, the target's turned by so many pixels in each pair. */
class Cameras {
  readonly memory = new SharedMemoryPlan();
  readonly rings = ([0, 1] as const).map((camera) => {
    const offset = this.memory.allocate(4 * FrameRing.slotStride(view));
    return new FrameRing(this.memory.memory, offset, 4, camera, view);
  });

  pair(nowUs: number, targetPx: number): FramePair {
    const [reference, target] = this.rings.map((ring, camera) => {
      const writer = ring.acquire()!;
      const sceneFromView = Float64Array.from([1, 0, 300 + camera * targetPx, 0, 1, 200, 0, 0, 1]);
      writer.bytes.set(drawView(view, sceneFromView));
      return writer.commit(nowUs, nowUs);
    });
    const held = { targetIsHeld: false, referenceIsHeld: false };
    return { reference: reference!, target: target!, skewUs: 0, pairedUs: nowUs, ...held };
  }
}

function geometry(version: number): CanvasGeometry {
  const reference = rigidMesh(grid, view);
  const target = reference.map((value, index) => value + (index % 2 === 0 ? 170 : 0));
  const meshes = { reference, target, rawReference: reference, rawTarget: target };
  const canvas = { widthPx: 640, heightPx: 256 };
  const facts = { version, origin: 'network', canvas, grid, referenceView: view, targetView: view } as const;
  return { ...facts, ...meshes, confidence: 1, overlap: 0.5 };
}

describe('pairs of a live job', () => {
  let kernels: WebAssembly.Module;
  beforeAll(async () => {
    kernels = await compileKernels();
  });

  function followed(): { cameras: Cameras; pairs: FollowedPairs; clock: { us: number } } {
    const cameras = new Cameras();
    const clock = { us: 0 };
    const sizes = { reference: view, target: view };
    return { cameras, clock, pairs: new FollowedPairs(cameras.memory, kernels, sizes, { nowUs: () => clock.us }) };
  }

  it('of cameras that stand still keep the geometry that the composer has', () => {
    const { cameras, pairs } = followed();
    const pair = cameras.pair(0, 0);
    pairs.look(pair);
    expect(pairs.take(geometry(1), { times: timesOf(pair), isMoving: false, referenceView: view }, 4)).toBe(false);
    expect(pairs.geometryOf(pair)).toBeUndefined();
    expect(pairs.geometryOf(cameras.pair(FRAME_US, 0))).toBeUndefined();
  });

  it('get their own geometry from the first picture on in which a camera has moved', () => {
    const { cameras, pairs, clock } = followed();
    pairs.take(geometry(1), { times: [0, 0], isMoving: false, referenceView: view }, 1);
    for (clock.us = 0; clock.us < 3 * FRAME_US; clock.us += FRAME_US) {
      const still = cameras.pair(clock.us, 0);
      expect(pairs.geometryOf(still)).toBeUndefined();
      for (const frame of [still.reference, still.target]) frame.release();
    }
    const moved = cameras.pair(clock.us, 5);
    const since = clock.us - FRAME_US;
    expect(pairs.motions([since, since], moved)[1]![2]).toBeCloseTo(5, 0);
    const own = pairs.geometryOf(moved)!;
    expect(own.version).toBe(1);
    expect(Math.abs(own.target[14]! - geometry(1).target[14]! - 5)).toBeLessThan(0.3);
  });

  it('of a moving camera get their own geometry from the first answer on for a pair that was seen', () => {
    const { cameras, pairs, clock } = followed();
    const unseen = cameras.pair(0, 0);
    pairs.look(unseen);
    expect(pairs.take(geometry(1), { times: timesOf(unseen), isMoving: true, referenceView: view }, 4)).toBe(false);
    const [first, second] = [cameras.pair(FRAME_US, 2), cameras.pair(2 * FRAME_US, 8)];
    pairs.look(first);
    expect(pairs.geometryOf(second)).toBeUndefined();
    clock.us = 3 * FRAME_US;
    expect(pairs.take(geometry(2), { times: timesOf(first), isMoving: true, referenceView: view }, 4)).toBe(true);
    pairs.geometryOf(first);
    const own = pairs.geometryOf(second)!;
    const base = geometry(2);
    expect(Math.abs(own.target[14]! - base.target[14]! - 6)).toBeLessThan(0.3);
    expect(Math.abs(own.reference[14]! - base.reference[14]!)).toBeLessThan(0.1);
  });

  it('are left alone again five seconds after the last motion, and when a geometry is fixed by hand', () => {
    const { cameras, pairs, clock } = followed();
    const pair = cameras.pair(0, 0);
    const found = { times: timesOf(pair), isMoving: true, referenceView: view };
    pairs.take(geometry(1), found, 4);
    pairs.look(pair);
    expect(pairs.take(geometry(2), found, 4)).toBe(true);
    expect(pairs.geometryOf(pair)?.version).toBe(2);
    clock.us = 5_100_000;
    expect(pairs.geometryOf(pair)).toBeUndefined();
    expect(pairs.take(geometry(3), { ...found, isMoving: false, referenceView: view }, 4)).toBe(false);

    pairs.take(geometry(4), found, 4);
    pairs.look(pair);
    pairs.take(geometry(5), found, 4);
    expect(pairs.geometryOf(pair)?.version).toBe(5);
    pairs.stop();
    expect(pairs.geometryOf(pair)).toBeUndefined();
  });
});
