import type { BundleManifest } from '../../contract/bundle-manifest.ts';
import type { Size } from '../../contract/pixels.ts';
import type { Mesh } from '../../contract/warp-state.ts';
import type { PlaneMeshes } from '../../geometry/mid-plane.ts';
import { Trajectory } from '../../geometry/trajectory.ts';
import type { Values } from '../runtime/session.ts';
import { OnlineWindow, type WindowInputs } from './online-window.ts';
import { pairMeshes, type SpatialOffsets } from './pair-meshes.ts';

/** A network as the pipeline calls it; a NetworkSession is one. */
export interface Network {
  run(inputs: Values): Promise<Values>;
}

/** The three networks of an imported bundle. */
export interface StabStitch2Networks {
  readonly manifest: BundleManifest;
  readonly spatial: Network;
  readonly temporal: Network;
  readonly smooth: Network;
}

/** Everything that is computed for one pair; pixels of the working size. */
export interface ExactFrame {
  readonly offsets: SpatialOffsets;
  /** Before smoothing. */
  readonly meshes: PlaneMeshes;
  /** From each control point of this frame to where its content lay in the frame before, minus itself. */
  readonly cameraMotions: PlaneMeshes;
  /** The same on the plane: steps of the stitching trajectories. */
  readonly stitchMotions: PlaneMeshes;
  /** From the seventh frame on. */
  readonly window?: SmoothedWindow;
  /** Smoothed meshes that this frame settles: none for six frames, then seven at once, then one by one. */
  readonly settled: readonly PlaneMeshes[];
}

/** What went into SmoothNet and came out, frame after frame. */
export interface SmoothedWindow {
  readonly inputs: WindowInputs;
  readonly deltas: { readonly reference: Float32Array; readonly target: Float32Array };
}

/** StabStitch++ as it is published, every network on every frame (models-stabstitch2, section 1). */
export class ExactPipeline {
  readonly #networks: StabStitch2Networks;
  readonly #size: Size;
  readonly #window: OnlineWindow;
  readonly #trajectory: Trajectory;
  #features: { reference: Float32Array; target: Float32Array } | undefined;
  #before: PlaneMeshes | undefined;

  constructor(networks: StabStitch2Networks) {
    const { input, grid, window } = networks.manifest;
    this.#networks = networks;
    this.#size = { widthPx: input.width, heightPx: input.height };
    this.#window = new OnlineWindow(window);
    this.#trajectory = new Trajectory(grid, this.#size);
  }

  /**
   * Takes the next pair in.
   * @param reference, target 3×H×W, blue first, normalised as the manifest says
   * @throws RangeError when the networks' answer cannot be drawn, SeamlineError `inference-failed`
   */
  async next(reference: Float32Array, target: Float32Array): Promise<ExactFrame> {
    const { grid } = this.#networks.manifest;
    const offsets = await this.#align(reference, target);
    const meshes = pairMeshes(offsets, grid, this.#size);
    const cameraMotions = await this.#cameraMotions(reference, target);
    const stitchMotions = {
      reference: this.#stitchMotion('reference', meshes, cameraMotions),
      target: this.#stitchMotion('target', meshes, cameraMotions),
    };
    this.#before = meshes;
    const isFirstWindow = !this.#window.isFull;
    this.#window.push({ meshes, motions: stitchMotions });
    const frame = { offsets, meshes, cameraMotions, stitchMotions };
    if (!this.#window.isFull) return { ...frame, settled: [] };
    const window = await this.#smooth();
    const settled = this.#window.frames.map((entry, index) => ({
      reference: subtract(entry.meshes.reference, window.deltas.reference, index),
      target: subtract(entry.meshes.target, window.deltas.target, index),
    }));
    return { ...frame, window, settled: isFirstWindow ? settled : settled.slice(-1) };
  }

  /** Starts anew, as with the first frame. */
  reset(): void {
    this.#window.reset();
    this.#features = undefined;
    this.#before = undefined;
  }

  async #align(reference: Float32Array, target: Float32Array): Promise<SpatialOffsets> {
    const values = await this.#networks.spatial.run({ reference, target });
    return {
      homographyOffsets: values['homography_offsets']!,
      meshOffsetsReference: values['mesh_offsets_reference']!,
      meshOffsetsTarget: values['mesh_offsets_target']!,
    };
  }

  async #cameraMotions(reference: Float32Array, target: Float32Array): Promise<PlaneMeshes> {
    const before = this.#features;
    const one = await this.#temporal(reference, before?.reference);
    const two = await this.#temporal(target, before?.target);
    this.#features = { reference: one.features, target: two.features };
    return { reference: one.motion, target: two.motion };
  }

  async #temporal(
    image: Float32Array,
    before: Float32Array | undefined,
  ): Promise<{ motion: Mesh; features: Float32Array }> {
    const previous = this.#networks.manifest.networks.temporal.inputs.find(({ name }) => name === 'previous_features');
    const length = (previous?.shape ?? []).reduce((product, side) => product * side, 1);
    const values = await this.#networks.temporal.run({ image, previous_features: before ?? new Float32Array(length) });
    const motion = Float64Array.from(values['motion']!, (value) => (before === undefined ? 0 : value));
    return { motion, features: values['features']! };
  }

  #stitchMotion(view: keyof PlaneMeshes, meshes: PlaneMeshes, cameraMotions: PlaneMeshes): Mesh {
    const before = this.#before?.[view];
    const now = meshes[view];
    if (before === undefined) return new Float64Array(now.length);
    const drawn = this.#trajectory.transport(before, cameraMotions[view]);
    return drawn.map((value, index) => value - now[index]!);
  }

  async #smooth(): Promise<SmoothedWindow> {
    const inputs = this.#window.inputs();
    const values = await this.#networks.smooth.run({ ...inputs });
    return { inputs, deltas: { reference: values['delta_reference']!, target: values['delta_target']! } };
  }
}

function subtract(mesh: Mesh, deltas: Float32Array, index: number): Mesh {
  return mesh.map((value, at) => value - deltas[index * mesh.length + at]!);
}
