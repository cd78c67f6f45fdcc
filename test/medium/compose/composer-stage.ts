import { Composer } from '../../../src/compose/composer.ts';
import { compileKernels } from '../../../src/compose/kernel-module.ts';
import { type Frame, FrameRing } from '../../../src/contract/frame-ring.ts';
import { SharedMemoryPlan } from '../../../src/contract/memory-plan.ts';
import type { Size } from '../../../src/contract/pixels.ts';
import type { CanvasGeometry } from '../../../src/contract/warp-state.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';

export interface StageOptions {
  readonly canvas: Size;
  readonly reference: Size;
  readonly target: Size;
  readonly workers?: number;
  readonly canvases?: number;
}

const grid = { rows: 6, cols: 8 };

/** A geometry that only moves and scales the views: top-left corner on the canvas and size there. */
export function placed(
  options: StageOptions,
  version: number,
  reference: readonly [x: number, y: number, scale?: number],
  target: readonly [x: number, y: number, scale?: number],
): CanvasGeometry {
  const mesh = (view: Size, [x, y, scale = 1]: readonly [number, number, number?]) =>
    rigidMesh(grid, view).map((value, index) => value * scale + (index % 2 === 0 ? x : y));
  const meshes = { reference: mesh(options.reference, reference), target: mesh(options.target, target) };
  return {
    version,
    origin: 'manual',
    canvas: options.canvas,
    grid,
    referenceView: options.reference,
    targetView: options.target,
    ...meshes,
    rawReference: meshes.reference,
    rawTarget: meshes.target,
    confidence: 1,
    overlap: 0.3,
  };
}

/** A composer with real workers, and one frame of each view to fill. */
export async function composerStage(options: StageOptions) {
  const memory = new SharedMemoryPlan();
  const frameOf = (camera: 0 | 1, size: Size): Frame => {
    const ring = new FrameRing(memory.memory, memory.allocate(FrameRing.slotStride(size)), 1, camera, size);
    const frame = ring.acquire()?.commit(0, 0);
    if (frame === undefined) throw new Error('no slot');
    return frame;
  };
  const reference = frameOf(0, options.reference);
  const target = frameOf(1, options.target);
  const composer = await Composer.create({
    memory,
    kernels: await compileKernels(),
    canvas: options.canvas,
    views: { reference: options.reference, target: options.target },
    workers: options.workers ?? 1,
    canvases: options.canvases ?? 3,
  });
  return { composer, reference, target, memory };
}
