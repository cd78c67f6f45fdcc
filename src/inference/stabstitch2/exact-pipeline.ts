import type { Size } from '../../contract/pixels.ts';
import type { PlaneMeshes } from '../../geometry/mid-plane.ts';
import { Trajectory } from '../../geometry/trajectory.ts';
import { runSmooth, runSpatial, runTemporal, type StabStitch2Networks } from './networks.ts';
import { OnlineWindow, stepOf, subtractDeltas, type WindowInputs } from './online-window.ts';
import { pairMeshes, type SpatialOffsets } from './pair-meshes.ts';

/** Everything that is computed for one pair; pixels of the working size. */
export interface ExactFrame {
  readonly offsets: SpatialOffsets;
  /** Before smoothing. */
  readonly meshes: PlaneMeshes;
  /** From each control point of this frame to where its content lay in the frame before, minus itself. */
  readonly cameraMotions: PlaneMeshes;
  /** The same on the plane: steps of the stitching trajectories. */
  readonly stitchMotions: PlaneMeshes;
  /** What went into SmoothNet, from the seventh frame on. */
  readonly window?: WindowInputs;
  /** Milliseconds of each network, as far as it ran; of TemporalNet for both views. */
  readonly networkMs: Readonly<Record<string, number>>;
  /** Smoothed meshes that this frame settles: none for six frames, then seven at once, then one by one. */
  readonly settled: readonly PlaneMeshes[];
}

/** StabStitch++ as it is published: every network for every pair (models-stabstitch2, section 1). */
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
   * @throws RangeError when the networks' answer cannot be drawn: the next pair then goes on as if this one's content
   *   had stayed where it was drawn; SeamlineError `inference-failed`
   */
  async next(reference: Float32Array, target: Float32Array): Promise<ExactFrame> {
    const networkMs: Record<string, number> = {};
    const before = this.#before;
    const cameraMotions = await this.#cameraMotions(reference, target, networkMs);
    const drawn = before && {
      reference: this.#trajectory.transport(before.reference, cameraMotions.reference),
      target: this.#trajectory.transport(before.target, cameraMotions.target),
    };
    // Before anything can throw: the features are already those of this frame.
    this.#before = drawn;
    const offsets = await runSpatial(this.#networks, reference, target);
    networkMs['spatial'] = this.#networks.spatial.lastMs;
    const meshes = pairMeshes(offsets, this.#networks.manifest.grid, this.#size);
    this.#before = meshes;
    const stitchMotions = {
      reference: stepOf(drawn?.reference, meshes.reference),
      target: stepOf(drawn?.target, meshes.target),
    };
    const isFirstWindow = !this.#window.isFull;
    this.#window.push({ meshes, motions: stitchMotions });
    const frame = { offsets, meshes, cameraMotions, stitchMotions, networkMs };
    if (!this.#window.isFull) return { ...frame, settled: [] };
    const inputs = this.#window.inputs();
    // Of the first window every frame is settled, of later ones the last.
    const first = isFirstWindow ? 0 : this.#window.frames.length - 1;
    const deltas = await runSmooth(this.#networks, inputs, first);
    networkMs['smooth'] = this.#networks.smooth.lastMs;
    const settled = this.#window.frames
      .slice(first)
      .map((entry, index) => subtractDeltas(entry.meshes, deltas, first + index));
    return { ...frame, window: inputs, settled };
  }

  /** Starts anew, as with the first frame. */
  reset(): void {
    this.#window.reset();
    this.#features = undefined;
    this.#before = undefined;
  }

  async #cameraMotions(
    reference: Float32Array,
    target: Float32Array,
    networkMs: Record<string, number>,
  ): Promise<PlaneMeshes> {
    const before = this.#features;
    const one = await runTemporal(this.#networks, reference, before?.reference);
    networkMs['temporal'] = this.#networks.temporal.lastMs;
    const two = await runTemporal(this.#networks, target, before?.target);
    networkMs['temporal'] += this.#networks.temporal.lastMs;
    this.#features = { reference: one.features, target: two.features };
    return { reference: one.motion, target: two.motion };
  }
}
