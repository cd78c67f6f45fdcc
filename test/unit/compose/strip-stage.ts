import { compileKernels, type KernelVariant } from '../../../src/compose/kernel-module.ts';
import { Strip } from '../../../src/compose/strip.ts';
import {
  CANVAS,
  controlBlock,
  controlBytes,
  FRAMES_LEFT,
  GAINS,
  MEASURE,
  SOURCES,
  TARGET_NODES,
} from '../../../src/compose/strip-protocol.ts';
import { GAIN_WORDS, NEUTRAL_GAIN, type ViewGain, writeGain } from '../../../src/compose/view-gain.ts';
import { SharedMemoryPlan } from '../../../src/contract/memory-plan.ts';
import { i420Bytes, type Size } from '../../../src/contract/pixels.ts';
import { loadKernels } from '../../../src/kernels/index.ts';
import type { NodePair } from '../../../src/kernels/reference-plan.ts';
import { backdropPlaneBytes, nodeGrid, OVERLAP_WORDS, stripLayout } from '../../../src/kernels/strip-layout.ts';

export interface StageOptions {
  readonly canvas: Size;
  readonly reference: Size;
  readonly target: Size;
  readonly featherPx?: number;
  readonly workers?: number;
  readonly variant?: KernelVariant;
}

/** All strips of a canvas on the test's own thread, with their memory laid open. */
export async function stripStage(options: StageOptions) {
  const { canvas, reference, target, featherPx = 64, workers = 1 } = options;
  const plan = new SharedMemoryPlan();
  const grid = nodeGrid(canvas);
  const sources = [plan.allocate(i420Bytes(reference)), plan.allocate(i420Bytes(target))] as const;
  const output = plan.allocate(i420Bytes(canvas));
  const slot = plan.allocate(2 * grid.nodeBytes);
  const planeBytes = backdropPlaneBytes(grid);
  const backdrop = plan.allocate(3 * planeBytes);
  const layouts = Array.from({ length: workers }, () => plan.allocate(stripLayout(grid, 0).bytes));
  const kernels = loadKernels(await compileKernels(options.variant), plan.memory);
  const strips = layouts.map(
    (layoutOffset, index) => new Strip(kernels, { index, workers, canvas, reference, target, layoutOffset, featherPx }),
  );
  const { words } = controlBlock(new SharedArrayBuffer(controlBytes(workers)));
  const { buffer } = plan.memory;
  const nodes = [0, 1].map(
    (view) => new Int32Array(buffer, slot + view * grid.nodeBytes, grid.columns * grid.rows * 2),
  ) as [Int32Array, Int32Array];
  const bytes = (offset: number, size: Size) => new Uint8Array(buffer, offset, i420Bytes(size));
  return {
    plan,
    grid,
    strips,
    kernels,
    /** Where the target node grids are written. */
    target: { grid, nodes, views: [reference, target] } as NodePair,
    /** The node grids that are shown now. */
    shown: {
      grid,
      nodes: [0, 1].map((view) => new Int32Array(buffer, strips[0]!.layout.nodes[view]!, grid.columns * grid.rows * 2)),
      views: [reference, target],
    } as unknown as NodePair,
    sources: [bytes(sources[0], reference), bytes(sources[1], target)] as const,
    bins: strips.map((strip) => new Float64Array(buffer, strip.layout.bins, OVERLAP_WORDS)),
    /** Values of the backdrop's planes at the nodes; shown while `words[BACKDROP]` is its offset. */
    backdrop: {
      offset: backdrop,
      planes: [0, 1, 2].map(
        (plane) => new Int16Array(buffer, backdrop + plane * planeBytes, grid.columns * grid.rows),
      ) as [Int16Array, Int16Array, Int16Array],
    },
    /** Draws one panorama and returns a copy. */
    draw(framesLeft: number, gains: readonly [ViewGain, ViewGain] = [NEUTRAL_GAIN, NEUTRAL_GAIN]): Uint8Array {
      [words[SOURCES], words[SOURCES + 1]] = sources;
      words[CANVAS] = output;
      words[TARGET_NODES] = slot;
      words[FRAMES_LEFT] = framesLeft;
      words[MEASURE] = 1;
      writeGain(gains[0], words, GAINS);
      writeGain(gains[1], words, GAINS + GAIN_WORDS);
      for (const strip of strips) strip.draw(words);
      return bytes(output, canvas).slice();
    },
    words,
  };
}

/** Fills a node grid from a map of canvas pixels to source pixels, both integer-centre. */
export function fillNodes(pair: NodePair, view: 0 | 1, map: (x: number, y: number) => readonly [number, number]): void {
  const { columns, rows } = pair.grid;
  for (let node = 0; node < columns * rows; node += 1) {
    const [x, y] = map((node % columns) * 16, Math.floor(node / columns) * 16);
    const limit = (value: number): number => Math.min(8191, Math.max(-8191, value));
    pair.nodes[view][node * 2] = Math.round(limit(x) * 65_536);
    pair.nodes[view][node * 2 + 1] = Math.round(limit(y) * 65_536);
  }
}

/** A small random number generator (mulberry32), so that a failing seed can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
