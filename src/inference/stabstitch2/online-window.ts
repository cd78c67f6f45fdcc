import type { Mesh } from '../../contract/warp-state.ts';
import type { PlaneMeshes } from '../../geometry/mid-plane.ts';

/** One frame of the window: where the views lie, and how far each control point's content moved on the plane. */
export interface WindowFrame {
  readonly meshes: PlaneMeshes;
  /** Where content was drawn in the frame before, minus where it is drawn now; pixels. */
  readonly motions: PlaneMeshes;
}

/** Inputs of SmoothNet for one window, frame by frame. */
export interface WindowInputs {
  readonly mesh_reference: Float32Array;
  readonly mesh_target: Float32Array;
  readonly path_reference: Float32Array;
  readonly path_target: Float32Array;
}

/** The last frames of a run, as SmoothNet of StabStitch++ sees them (models-stabstitch2, section 7). */
export class OnlineWindow {
  readonly #length: number;
  readonly #frames: WindowFrame[] = [];

  constructor(length: number) {
    this.#length = length;
  }

  /** True when there are enough frames for SmoothNet. */
  get isFull(): boolean {
    return this.#frames.length === this.#length;
  }

  /** Frames of the window, oldest first. */
  get frames(): readonly WindowFrame[] {
    return this.#frames;
  }

  /** Adds the newest frame; the oldest leaves a full window. */
  push(frame: WindowFrame): void {
    if (this.isFull) this.#frames.shift();
    this.#frames.push(frame);
  }

  reset(): void {
    this.#frames.length = 0;
  }

  /** The path starts at zero with the oldest frame, whose own motion lies outside the window. */
  inputs(): WindowInputs {
    return {
      mesh_reference: join(this.#frames.map(({ meshes }) => meshes.reference)),
      mesh_target: join(this.#frames.map(({ meshes }) => meshes.target)),
      path_reference: join(sums(this.#frames.map(({ motions }) => motions.reference))),
      path_target: join(sums(this.#frames.map(({ motions }) => motions.target))),
    };
  }
}

function sums(motions: readonly Mesh[]): Mesh[] {
  const paths: Mesh[] = [];
  for (const [index, motion] of motions.entries()) {
    const before = paths[index - 1];
    paths.push(motion.map((value, at) => (before === undefined ? 0 : before[at]! + value)));
  }
  return paths;
}

function join(meshes: readonly Mesh[]): Float32Array {
  return Float32Array.from(meshes.flatMap((mesh) => [...mesh]));
}

/** A step of a stitching trajectory: where content was drawn before (undefined: not at all), minus where it is now. */
export function stepOf(drawn: Mesh | undefined, now: Mesh): Mesh {
  return now.map((value, index) => (drawn === undefined ? 0 : drawn[index]! - value));
}

/** Smoothed meshes of frame `index` of a window. @param deltas of the whole window, as SmoothNet gives them */
export function subtractDeltas(
  meshes: PlaneMeshes,
  deltas: { readonly reference: Float32Array; readonly target: Float32Array },
  index: number,
): PlaneMeshes {
  const subtract = (mesh: Mesh, delta: Float32Array): Mesh =>
    mesh.map((value, at) => value - delta[index * mesh.length + at]!);
  return {
    reference: subtract(meshes.reference, deltas.reference),
    target: subtract(meshes.target, deltas.target),
  };
}
