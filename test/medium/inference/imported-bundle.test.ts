import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importBundle } from '../../../src/bundle-import/import-bundle.ts';
import { compileKernels } from '../../../src/compose/kernel-module.ts';
import { FrameRing, type Frame } from '../../../src/contract/frame-ring.ts';
import { SharedMemoryPlan } from '../../../src/contract/memory-plan.ts';
import type { CameraIndex } from '../../../src/contract/pixels.ts';
import { InferenceClient, type GeometryReply } from '../../../src/inference/inference-client.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { expandCheckpoints, STABSTITCH2_FIXTURE } from '../../helpers/stabstitch2-fixture.ts';

const SIZE = { widthPx: 480, heightPx: 360 };
const FRAMES = 8;

let work: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'seamline-imported-'));
  await expandCheckpoints(work);
  const verify = (): Promise<void> => Promise.resolve();
  await importBundle({
    source: work,
    modelDir: join(work, 'models'),
    name: 'user',
    precision: 'float32',
    replace: false,
    verify,
  });
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

/** The fixture's pictures of one camera as a decoder gives them: I420. */
function decoded(view: 1 | 2): Buffer {
  const pictures = join(STABSTITCH2_FIXTURE, 'frames', `view${view}`, '%03d.png');
  const args = [
    '-v',
    'error',
    '-i',
    pictures,
    '-frames:v',
    String(FRAMES),
    '-f',
    'rawvideo',
    '-pix_fmt',
    'yuv420p',
    'pipe:1',
  ];
  return spawnSync('ffmpeg', args, { maxBuffer: 64 * 1024 ** 2 }).stdout;
}

async function run(cadence: 'live' | 'every-frame', anchors: (frame: number) => boolean): Promise<GeometryReply[]> {
  const memory = new SharedMemoryPlan();
  const offsets = [0, 1].map(() => memory.allocate(FRAMES * FrameRing.slotStride(SIZE)));
  const client = await InferenceClient.start({
    memory,
    kernels: await compileKernels(),
    modelFolder: join(work, 'models', 'user'),
    providers: ['cpu'],
    threads: 1,
    cadence,
    log: silentLogger,
  });
  const frames = ([0, 1] as const).map((camera) => fill(memory, offsets[camera]!, camera));
  const replies: GeometryReply[] = [];
  try {
    for (let index = 0; index < FRAMES; index += 1) {
      replies.push(await client.submit(frames[0]![index]!, frames[1]![index]!, index * 40_000, anchors(index)));
    }
  } finally {
    await client.close();
  }
  return replies;
}

function fill(memory: SharedMemoryPlan, offset: number, camera: CameraIndex): Frame[] {
  const ring = new FrameRing(memory.memory, offset, FRAMES, camera, SIZE);
  const pictures = decoded(camera === 0 ? 1 : 2);
  const bytes = (SIZE.widthPx * SIZE.heightPx * 3) / 2;
  return Array.from({ length: FRAMES }, (_item, index) => {
    const slot = ring.acquire()!;
    slot.bytes.set(pictures.subarray(index * bytes, (index + 1) * bytes));
    return slot.commit(index * 40_000, index * 40_000);
  });
}

async function expected(name: string): Promise<Float32Array> {
  const bytes = await readFile(join(STABSTITCH2_FIXTURE, 'expected', `${name}.f32`));
  return Float32Array.from({ length: bytes.length / 4 }, (_item, index) => bytes.readFloatLE(index * 4));
}

const meanDistance = (mesh: Float64Array, original: Float32Array): number =>
  mesh.reduce((sum, value, at) => sum + Math.abs(value - original[at]!), 0) / mesh.length;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('an imported bundle in the inference worker', () => {
  it('computes on every frame what the original does, but for the colours that I420 loses', async () => {
    const [raw, final] = await Promise.all([expected('spatial_mesh_view2'), expected('final_mesh_view2')]);

    const replies = await run('every-frame', () => false);

    const of = (array: Float32Array, frame: number): Float32Array => array.subarray(frame * 126, frame * 126 + 126);
    const distances = replies.map(({ geometry }, frame) => meanDistance(geometry!.rawTarget, of(raw, frame)));
    const smoothed = [6, 7].map((frame) => meanDistance(replies[frame]!.geometry!.target, of(final, frame)));

    // Half the colour resolution moves random networks by 1.2 px on average; red and blue swapped by 2.2.
    expect(mean(distances)).toBeLessThan(1.5);
    expect(mean(smoothed)).toBeLessThan(1.5);
    expect(replies.every(({ networkMs }) => 'spatial' in networkMs)).toBe(true);
  });

  it('live, compares until two comparisons agree, and carries the alignment on in between', async () => {
    const replies = await run('live', (frame) => frame === 5);

    const compared = replies.map(({ networkMs }) => 'spatial' in networkMs);
    const shown = replies.map(({ geometry }) => geometry !== undefined);
    const first = shown.indexOf(true);
    expect(first).toBeGreaterThan(0);
    expect(compared).toEqual(shown.map((_shown, frame) => frame <= first || frame === 5));
    expect(shown.slice(first).every(Boolean)).toBe(true);
  });
});
