import { cp, mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { compileKernels } from '../../../src/compose/kernel-module.ts';
import { FrameRing, type Frame } from '../../../src/contract/frame-ring.ts';
import { SharedMemoryPlan } from '../../../src/contract/memory-plan.ts';
import type { CameraIndex } from '../../../src/contract/pixels.ts';
import type { PlaneGeometry } from '../../../src/contract/warp-state.ts';
import { apply, invert, multiply, scaleShift, type Homography } from '../../../src/geometry/homography.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';
import { fitThinPlateSpline } from '../../../src/geometry/thin-plate-spline.ts';
import { InferenceClient, type InferenceClientOptions } from '../../../src/inference/inference-client.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { drawView, type ViewOptions } from '../../helpers/textured-scene.ts';

const LITE = fileURLToPath(new URL('../../../models/lite', import.meta.url));
const view = { widthPx: 640, heightPx: 360 };
const turn = (angle: number): Homography =>
  Float64Array.from([Math.cos(angle), -Math.sin(angle), 0, Math.sin(angle), Math.cos(angle), 0, 0, 0, 1]);
/** Where the reference looks: a little turned, with perspective. */
const referencePose = multiply(Float64Array.from([1, 0, 0, 0, 1, 0, 4e-5, -6e-5, 1]), turn(0.02));

let memory: SharedMemoryPlan;
let kernels: WebAssembly.Module;
let rings: readonly [FrameRing, FrameRing];
let clients: InferenceClient[] = [];

beforeAll(async () => {
  memory = new SharedMemoryPlan();
  kernels = await compileKernels();
  const ring = (camera: CameraIndex): FrameRing =>
    new FrameRing(memory.memory, memory.allocate(3 * FrameRing.slotStride(view)), 3, camera, view);
  rings = [ring(0), ring(1)];
});

afterAll(() => Promise.all(clients.map((client) => client.close())));

async function start(overrides: Partial<InferenceClientOptions> = {}): Promise<InferenceClient> {
  const client = await InferenceClient.start({
    memory,
    kernels,
    modelFolder: LITE,
    providers: ['cpu'],
    threads: 1,
    cadence: 'live',
    log: silentLogger,
    ...overrides,
  });
  clients.push(client);
  return client;
}

function frame(camera: CameraIndex, pose: Homography, options: ViewOptions = {}): Frame {
  const writer = rings[camera].acquire();
  if (writer === undefined) throw new Error('no slot is free');
  writer.bytes.fill(128);
  writer.bytes.set(drawView(view, pose, options));
  return writer.commit(0, 0);
}

/** Median distance, over the overlap, between where the target shows a point of the reference and where it should. */
function alignmentErrorPx(geometry: PlaneGeometry, targetFromReference: Homography): number {
  const rigid = rigidMesh(geometry.grid, view);
  const toPlane = fitThinPlateSpline(rigid, geometry.reference, view);
  const toTarget = fitThinPlateSpline(geometry.target, rigid, { widthPx: 1200, heightPx: 700 });
  const errors: number[] = [];
  for (let y = 8; y < view.heightPx; y += 16) {
    for (let x = 8; x < view.widthPx; x += 16) {
      const [u, v] = apply(targetFromReference, x, y);
      if (u < 0 || v < 0 || u > view.widthPx || v > view.heightPx) continue;
      const [p, q] = toTarget.map(...toPlane.map(x, y));
      errors.push(Math.hypot(p - u, q - v));
    }
  }
  return errors.toSorted((a, b) => a - b)[errors.length >> 1]!;
}

async function ask(client: InferenceClient, frames: readonly [Frame, Frame], ptsUs: number, anchor = true) {
  return client.submit(frames[0], frames[1], ptsUs, anchor);
}

function release(frames: readonly Frame[]): void {
  for (const one of frames) one.release();
}

describe('networks in their thread', () => {
  it.each([
    ['right of', 330, 12],
    ['left of', -330, -10],
    ['below', 14, 190],
    ['above', -12, -190],
  ])('align a target that lies %s the reference', async (_where, dx, dy) => {
    const client = await start({ cadence: 'every-frame' });
    const targetPose = multiply(referencePose, multiply(scaleShift(1, 1, dx, dy), turn(-0.03)));
    const frames = [frame(0, referencePose), frame(1, targetPose)] as const;
    const reply = await ask(client, frames, 0);
    release(frames);
    await client.close();
    expect(reply.reason).toBe('');
    expect(reply.confidence).toBeGreaterThan(client.manifest.thresholds.confidence);
    expect(alignmentErrorPx(reply.geometry!, multiply(invert(targetPose), referencePose))).toBeLessThan(0.5);
    expect(reply.geometry!.overlap).toBeGreaterThan(0.4);
    expect(Object.keys(reply.networkMs)).toEqual(expect.arrayContaining(['spatial', 'smooth']));
  });

  it('wait live for a second comparison that agrees, and hold frames only while they look at them', async () => {
    const client = await start();
    const frames = [frame(0, referencePose), frame(1, multiply(referencePose, scaleShift(1, 1, 300, 0)))] as const;
    const first = client.submit(frames[0], frames[1], 0, true);
    expect(client.isBusy).toBe(true);
    await expect(client.submit(frames[0], frames[1], 0, true)).rejects.toThrow('one pair at a time');
    expect((await first).geometry).toBeUndefined();
    expect((await first).jumped).toBe(true);
    const second = await ask(client, frames, 200_000);
    expect(second.geometry?.overlap).toBeCloseTo(340 / 640, 1);
    release(frames);
    expect(rings[0].free).toBe(3);
    await client.close();
    await client.close();
    await expect(client.submit(frames[0], frames[1], 0, true)).rejects.toThrow('closed');
  });

  it('give no geometry and say what to do for views of different places', async () => {
    const client = await start({ cadence: 'every-frame' });
    for (const seed of [50, 60, 70]) {
      const frames = [frame(0, referencePose, { seed: 7 }), frame(1, referencePose, { seed })] as const;
      const reply = await ask(client, frames, 0);
      release(frames);
      client.reset();
      expect(reply.geometry).toBeUndefined();
      expect(reply.confidence).toBeLessThan(client.manifest.thresholds.confidence);
      expect(reply.reason).toContain('turn a camera');
    }
    await client.close();
  });

  it('move no control point by more than 0.2 px between frames while only the scene moves', async () => {
    const client = await start();
    const targetPose = multiply(referencePose, scaleShift(1, 1, 300, 6));
    const grounds = [drawView(view, referencePose), drawView(view, targetPose)];
    let before: readonly number[] | undefined;
    let largest = 0;
    let shown = 0;
    for (let index = 0; index < 40; index += 1) {
      const frames = ([0, 1] as const).map((camera) => {
        const writer = rings[camera].acquire()!;
        writer.bytes.fill(128);
        writer.bytes.set(grounds[camera]!);
        paint(writer.bytes, 340 + index * 5 - camera * 300, 90, index);
        return writer.commit(0, 0);
      });
      const reply = await client.submit(frames[0]!, frames[1]!, index * 40_000, index % 5 === 0);
      release(frames);
      if (reply.geometry === undefined) continue;
      const points = [...reply.geometry.reference, ...reply.geometry.target];
      for (let at = 0; before !== undefined && at < points.length; at += 2) {
        largest = Math.max(largest, Math.hypot(points[at]! - before[at]!, points[at + 1]! - before[at + 1]!));
      }
      before = points;
      shown += 1;
    }
    await client.close();
    expect(shown).toBeGreaterThan(30);
    expect(largest).toBeLessThan(0.2);
  });

  it('follow a camera that shakes, so that the views stay together between comparisons', async () => {
    const client = await start();
    const errors: number[] = [];
    for (let index = 0; index < 16; index += 1) {
      const shake = scaleShift(1, 1, 5 * Math.sin(index * 0.9), 3 * Math.cos(index * 1.3));
      const targetPose = multiply(referencePose, multiply(scaleShift(1, 1, 300, 6), shake));
      const frames = [frame(0, referencePose), frame(1, targetPose)] as const;
      const reply = await ask(client, frames, index * 40_000, index < 2);
      release(frames);
      if (reply.geometry === undefined) continue;
      errors.push(alignmentErrorPx(reply.geometry, multiply(invert(targetPose), referencePose)));
    }
    await client.close();
    expect(errors.length).toBeGreaterThan(12);
    expect(errors.toSorted((a, b) => a - b)[errors.length >> 1]).toBeLessThan(0.3);
  });

  it('pass over providers that are not there and say why', async () => {
    const client = await start({ providers: ['abacus', 'cpu'] });
    expect(client.provider).toBe('cpu');
    expect(client.fallbacks).toEqual([{ provider: 'abacus', reason: expect.stringContaining('not known') as string }]);
    await client.close();
    await expect(start({ providers: ['abacus'] })).rejects.toMatchObject({ type: 'inference-failed' });
  });

  it('refuse a bundle whose file is cut off, without leaving a thread behind', async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'seamline-')), 'lite');
    await cp(LITE, folder, { recursive: true });
    await truncate(join(folder, 'spatial.onnx'), 1000);
    expect(await readdir(folder)).toContain('spatial.onnx');
    await expect(start({ modelFolder: folder })).rejects.toMatchObject({ type: 'model-invalid' });
    await rm(join(folder, '..'), { recursive: true });
  });
});

/** A textured square of 70 px, part of it outside when it leaves the view. */
function paint(luma: Uint8Array, left: number, top: number, seed: number): void {
  for (let y = top; y < top + 70; y += 1) {
    for (let x = Math.max(0, left); x < Math.min(view.widthPx, left + 70); x += 1) {
      luma[y * view.widthPx + x] = 60 + ((((x - left) >> 3) * 37 + ((y - top) >> 3) * 61 + seed) % 150);
    }
  }
}
