/**
 * What one panorama costs on one thread: drawing, moving between geometries, measuring, making node grids, and the
 * scaling for the networks. Prints the fastest run, and median and 95th percentile of alternating rounds.
 * `--short` runs a few rounds, to see that it runs. Where python3 with OpenCV is at hand, six remaps of the same
 * planes on one thread are timed beside it.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { compileKernels, type KernelVariant } from '../../src/compose/kernel-module.ts';
import { fitView, NODE_SCRATCH_BYTES, writeNodes } from '../../src/compose/node-grid.ts';
import { Strip } from '../../src/compose/strip.ts';
import {
  CANVAS,
  controlBlock,
  controlBytes,
  FRAMES_LEFT,
  GAINS,
  MEASURE,
  SOURCES,
  TARGET_NODES,
} from '../../src/compose/strip-protocol.ts';
import { GAIN_WORDS, NEUTRAL_GAIN, writeGain } from '../../src/compose/view-gain.ts';
import { SharedMemoryPlan } from '../../src/contract/memory-plan.ts';
import { i420Bytes, type Size } from '../../src/contract/pixels.ts';
import { rigidMesh } from '../../src/geometry/rigid-mesh.ts';
import { Kernels, loadKernels } from '../../src/kernels/index.ts';
import { nodeGrid, stripLayout } from '../../src/kernels/strip-layout.ts';

const isShort = process.argv.includes('--short');
const rounds = isShort ? 2 : 15;
/** CPU clocks of some machines tick every 4 ms, so that one panorama alone cannot be timed. */
const repeats = isShort ? 2 : 20;
const grid = { rows: 6, cols: 8 };

/** Control points of a view that is turned, moved and shaken a little, as networks place it. */
function mesh(view: Size, angle: number, shiftX: number, shiftY: number, seed: number): Float64Array {
  const points = rigidMesh(grid, view);
  for (let index = 0; index < points.length; index += 2) {
    const [x, y] = [(points[index] ?? 0) - view.widthPx / 2, (points[index + 1] ?? 0) - view.heightPx / 2];
    points[index] =
      x * Math.cos(angle) - y * Math.sin(angle) + view.widthPx / 2 + shiftX + 3 * Math.sin(seed + index * 1.7);
    points[index + 1] =
      x * Math.sin(angle) + y * Math.cos(angle) + view.heightPx / 2 + shiftY + 3 * Math.cos(seed + index);
  }
  return points;
}

/** One round: CPU ms of this thread per run, and the fastest run by the wall clock. */
interface Round {
  readonly cpuMs: number;
  readonly bestMs: number;
}

function timed(task: () => void): Round {
  const before = process.threadCpuUsage();
  let bestMs = Infinity;
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const started = performance.now();
    task();
    bestMs = Math.min(bestMs, performance.now() - started);
  }
  const spent = process.threadCpuUsage(before);
  return { cpuMs: (spent.user + spent.system) / 1000 / repeats, bestMs };
}

function report(name: string, times: readonly Round[]): void {
  const sorted = times.map((round) => round.cpuMs).toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? NaN).toFixed(2).padStart(6);
  const best = Math.min(...times.map((round) => round.bestMs)).toFixed(2);
  console.log(`  ${name.padEnd(44)} best ${best.padStart(5)} ms, CPU median${at(0.5)} ms, p95${at(0.95)} ms`);
}

async function stage(view: Size, canvas: Size, variant: KernelVariant) {
  const plan = new SharedMemoryPlan();
  const nodes = nodeGrid(canvas);
  const sources = [0, 1].map(() => plan.allocate(i420Bytes(view)));
  const output = plan.allocate(i420Bytes(canvas));
  const slots = [0, 1].map(() => plan.allocate(2 * nodes.nodeBytes));
  const scratch = plan.allocate(NODE_SCRATCH_BYTES);
  const small = { widthPx: 480, heightPx: 360 };
  const networkInput = plan.allocate(Math.max(Kernels.lumaBytes(view, small), 12 * 480 * 360));
  const layoutOffset = plan.allocate(stripLayout(nodes, 0).bytes);
  const kernels = loadKernels(await compileKernels(variant), plan.memory);
  const strip = new Strip(kernels, {
    index: 0,
    workers: 1,
    canvas,
    reference: view,
    target: view,
    layoutOffset,
    featherPx: 192,
  });
  const { words } = controlBlock(new SharedArrayBuffer(controlBytes(1)));
  for (const offset of sources) {
    const bytes = new Uint8Array(plan.memory.buffer, offset, i420Bytes(view));
    for (let index = 0; index < bytes.length; index += 1)
      bytes[index] = 128 + 90 * Math.sin(index * 0.37) * Math.cos(index * 0.011);
  }
  const makeNodes = (slot: number, seed: number): void => {
    const views = [mesh(view, 0.028, 10, 15, seed), mesh(view, -0.021, canvas.widthPx - view.widthPx - 12, 20, seed)];
    views.forEach((points, index) =>
      writeNodes(fitView(points, grid, view, canvas), canvas, kernels, scratch, slot + index * nodes.nodeBytes),
    );
  };
  makeNodes(slots[0] ?? 0, 1);
  makeNodes(slots[1] ?? 0, 2);
  [words[SOURCES], words[SOURCES + 1], words[CANVAS]] = [sources[0] ?? 0, sources[1] ?? 0, output];
  const draw = (framesLeft: number, slot = 0, luma = 1, measure = 0): void => {
    words[TARGET_NODES] = slots[slot] ?? 0;
    words[FRAMES_LEFT] = framesLeft;
    words[MEASURE] = measure;
    for (const which of [0, 1]) writeGain({ ...NEUTRAL_GAIN, luma }, words, GAINS + which * GAIN_WORDS);
    strip.draw(words);
  };
  draw(1);
  const picture = new Uint8Array(plan.memory.buffer, output, i420Bytes(canvas));
  return { draw, makeNodes, kernels, slots, source: sources[0] ?? 0, networkInput, small, picture };
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

async function measure(name: string, view: Size, canvas: Size): Promise<void> {
  const simd = await stage(view, canvas, 'simd');
  const relaxed = await stage(view, canvas, 'relaxed');
  if (!same(simd.picture, relaxed.picture)) throw new Error('the two builds of the kernels draw different pictures');
  const tasks: Record<string, () => void> = {
    'one panorama, relaxed SIMD': () => relaxed.draw(0),
    'one panorama, plain SIMD': () => simd.draw(0),
    'one panorama with gains': () => relaxed.draw(0, 0, 1.1),
    'one panorama while moving': () => relaxed.draw(1000, 1),
    'one panorama, overlap measured': () => relaxed.draw(0, 0, 1, 1),
    'node grids of a new geometry, both views': () => relaxed.makeNodes(relaxed.slots[1] ?? 0, 2),
    'luma of one view to 480 x 360': () =>
      relaxed.kernels.scaleLuma(relaxed.source, view, relaxed.networkInput, relaxed.small),
    'block sums of one view': () => relaxed.kernels.blockSums(relaxed.source, view, relaxed.networkInput),
  };
  const times = new Map(Object.keys(tasks).map((key) => [key, [] as Round[]]));
  for (let round = -2; round < rounds; round += 1) {
    for (const [key, task] of Object.entries(tasks)) {
      const result = timed(task);
      if (round >= 0) times.get(key)?.push(result);
    }
  }
  console.log(
    `${name}: two views of ${view.widthPx} x ${view.heightPx}, canvas ${canvas.widthPx} x ${canvas.heightPx}`,
  );
  for (const [key, values] of times) report(key, values);
}

/** Six remaps (both views, three planes, fixed-point maps, bilinear) by OpenCV on one thread. */
const OPENCV = `
import sys, time
try:
    import cv2, numpy as np
except ImportError:
    sys.exit(3)
cv2.setNumThreads(1)
w, h, cw, ch, rounds = map(int, sys.argv[1:])
def maps(sw, sh, x0, y0, tw, th):
    ys, xs = np.mgrid[0:th, 0:tw].astype(np.float32)
    return cv2.convertMaps(xs - x0 + 0.03 * ys, ys - y0 - 0.03 * xs, cv2.CV_16SC2)
jobs = []
for left in (10, cw - w - 12):
    for k in (1, 2, 2):
        plane = np.random.randint(0, 255, (h // k, w // k), np.uint8)
        jobs.append((plane, maps(w // k, h // k, 0, 15 // k, w // k, ch // k)))
times = []
for _ in range(rounds):
    t = time.thread_time()
    for plane, (a, b) in jobs:
        cv2.remap(plane, a, b, cv2.INTER_LINEAR)
    times.append((time.thread_time() - t) * 1000)
times.sort()
print('  OpenCV %s, six remaps alone: best %.2f  median %.2f ms CPU' % (cv2.__version__, times[0], times[len(times) // 2]))
`;

function openCv(view: Size, canvas: Size): void {
  const args = [view.widthPx, view.heightPx, canvas.widthPx, canvas.heightPx, rounds * repeats].map(String);
  // Debian's packages belong to its own interpreter, which need not be the first on the path.
  for (const python of ['python3', '/usr/bin/python3']) {
    const run = spawnSync(python, ['-c', OPENCV, ...args], { encoding: 'utf8' });
    if (run.status !== 0) continue;
    process.stdout.write(run.stdout);
    return;
  }
  console.log('  OpenCV is not at hand');
}

console.log(`node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, one thread`);
for (const [name, view, canvas] of [
  ['720p', { widthPx: 1280, heightPx: 720 }, { widthPx: 2048, heightPx: 768 }],
  ['1080p', { widthPx: 1920, heightPx: 1080 }, { widthPx: 2560, heightPx: 1152 }],
] as const) {
  await measure(name, view, canvas);
  openCv(view, canvas);
}
