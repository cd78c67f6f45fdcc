import type { BundleManifest } from '../../contract/bundle-manifest.ts';
import type { Size } from '../../contract/pixels.ts';
import type { Mesh } from '../../contract/warp-state.ts';
import { applyAll } from '../../geometry/homography.ts';
import { fitHomography } from '../../geometry/homography-fit.ts';
import type { PlaneMeshes } from '../../geometry/mid-plane.ts';
import { Trajectory } from '../../geometry/trajectory.ts';
import type { Values } from '../runtime/session.ts';
import { OnlineWindow, type WindowInputs } from './online-window.ts';
import { pairMeshes, type SpatialOffsets } from './pair-meshes.ts';

/** A network as the pipeline calls it; a NetworkSession is one. */
export interface Network {
  run(inputs: Values): Promise<Values>;
  /** Milliseconds of the last run. */
  readonly lastMs: number;
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
  /** Undefined when the alignment was carried on. */
  readonly offsets: SpatialOffsets | undefined;
  /** Before smoothing. */
  readonly meshes: PlaneMeshes;
  /** From each control point of this frame to where its content lay in the frame before, minus itself. */
  readonly cameraMotions: PlaneMeshes;
  /** The same on the plane: steps of the stitching trajectories. */
  readonly stitchMotions: PlaneMeshes;
  /** From the seventh frame on. */
  readonly window?: SmoothedWindow;
  /** Milliseconds of each network, as far as it ran; of TemporalNet for both views. */
  readonly networkMs: Readonly<Record<string, number>>;
  /** Smoothed meshes that this frame settles: none for six frames, then seven at once, then one by one. */
  readonly settled: readonly PlaneMeshes[];
}

/** What went into SmoothNet and came out, frame after frame. */
export interface SmoothedWindow {
  readonly inputs: WindowInputs;
  readonly deltas: { readonly reference: Float32Array; readonly target: Float32Array };
}

/**
 * StabStitch++ as it is published when every pair is aligned (models-stabstitch2, section 1). Where there is no time
 * for that, TemporalNet carries the last alignment on.
 */
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
   * @param align run SpatialNet; otherwise the alignment before is carried on, if there is one
   * @throws RangeError when the networks' answer cannot be drawn: the alignment before is then carried on by the next
   *   call; SeamlineError `inference-failed`
   */
  async next(reference: Float32Array, target: Float32Array, align = true): Promise<ExactFrame> {
    const before = this.#before;
    const networkMs: Record<string, number> = {};
    const cameraMotions = await this.#cameraMotions(reference, target, networkMs);
    const drawn = before && {
      reference: this.#trajectory.transport(before.reference, cameraMotions.reference),
      target: this.#trajectory.transport(before.target, cameraMotions.target),
    };
    const carried = before && drawn && withoutCommonMotion(before, drawn);
    // Kept before anything can throw: the features are already those of this frame.
    this.#before = carried;
    const offsets = align || carried === undefined ? await this.#align(reference, target) : undefined;
    if (offsets !== undefined) networkMs['spatial'] = this.#networks.spatial.lastMs;
    const meshes = offsets === undefined ? carried! : pairMeshes(offsets, this.#networks.manifest.grid, this.#size);
    this.#before = meshes;
    const stitchMotions = {
      reference: stitchMotion(drawn?.reference, meshes.reference),
      target: stitchMotion(drawn?.target, meshes.target),
    };
    const isFirstWindow = !this.#window.isFull;
    this.#window.push({ meshes, motions: stitchMotions });
    const frame = { offsets, meshes, cameraMotions, stitchMotions, networkMs };
    if (!this.#window.isFull) return { ...frame, settled: [] };
    const window = await this.#smooth();
    networkMs['smooth'] = this.#networks.smooth.lastMs;
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

  async #cameraMotions(
    reference: Float32Array,
    target: Float32Array,
    networkMs: Record<string, number>,
  ): Promise<PlaneMeshes> {
    const before = this.#features;
    const one = await this.#temporal(reference, before?.reference);
    networkMs['temporal'] = this.#networks.temporal.lastMs;
    const two = await this.#temporal(target, before?.target);
    networkMs['temporal'] += this.#networks.temporal.lastMs;
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

  async #smooth(): Promise<SmoothedWindow> {
    const inputs = this.#window.inputs();
    const values = await this.#networks.smooth.run({ ...inputs });
    return { inputs, deltas: { reference: values['delta_reference']!, target: values['delta_target']! } };
  }
}

/** A step of a stitching trajectory: where content was drawn before, minus where it is drawn now. */
function stitchMotion(drawn: Mesh | undefined, now: Mesh): Mesh {
  return now.map((value, index) => (drawn === undefined ? 0 : drawn[index]! - value));
}

/** Meshes that follow the cameras: what both do in common is the panorama's motion and leaves them where they are. */
function withoutCommonMotion(before: PlaneMeshes, drawn: PlaneMeshes): PlaneMeshes {
  const join = ({ reference, target }: PlaneMeshes): Float64Array => Float64Array.of(...reference, ...target);
  const back = fitHomography(join(drawn), join(before));
  return { reference: applyAll(back, drawn.reference), target: applyAll(back, drawn.target) };
}

function subtract(mesh: Mesh, deltas: Float32Array, index: number): Mesh {
  return mesh.map((value, at) => value - deltas[index * mesh.length + at]!);
}
