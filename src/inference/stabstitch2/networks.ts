import type { BundleManifest } from '../../contract/bundle-manifest.ts';
import type { Mesh } from '../../contract/warp-state.ts';
import type { Values } from '../runtime/session.ts';
import type { WindowInputs } from './online-window.ts';
import type { SpatialOffsets } from './pair-meshes.ts';

/** A network as the pipelines call it; a NetworkSession is one. */
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

/** What TemporalNet gives for one picture of a camera. */
export interface TemporalStep {
  /** From each control point to where its content lay in the picture before, minus itself; zero for a first picture. */
  readonly motion: Mesh;
  /** Of this picture, for the next step. */
  readonly features: Float32Array;
}

/** How the views of a pair lie to each other. @param reference, target 3×H×W, as the manifest says */
export async function runSpatial(
  { spatial }: StabStitch2Networks,
  reference: Float32Array,
  target: Float32Array,
): Promise<SpatialOffsets> {
  const values = await spatial.run({ reference, target });
  return {
    homographyOffsets: values['homography_offsets']!,
    meshOffsetsReference: values['mesh_offsets_reference']!,
    meshOffsetsTarget: values['mesh_offsets_target']!,
  };
}

/** How a camera moved. @param before features of the picture before, or undefined for a first picture */
export async function runTemporal(
  { manifest, temporal }: StabStitch2Networks,
  image: Float32Array,
  before: Float32Array | undefined,
): Promise<TemporalStep> {
  const previous = manifest.networks.temporal.inputs.find(({ name }) => name === 'previous_features');
  const length = (previous?.shape ?? []).reduce((product, side) => product * side, 1);
  const values = await temporal.run({ image, previous_features: before ?? new Float32Array(length) });
  const motion = Float64Array.from(values['motion']!, (value) => (before === undefined ? 0 : value));
  return { motion, features: values['features']! };
}

/**
 * What is to be subtracted from the meshes of a window, frame by frame.
 * @param first frame of the window from which on it is wanted: the last frame costs a third of the whole window
 */
export async function runSmooth(
  { smooth }: StabStitch2Networks,
  inputs: WindowInputs,
  first: number,
): Promise<{ reference: Float32Array; target: Float32Array }> {
  const values = await smooth.run({ ...inputs, first_frame: Float32Array.of(first) });
  return { reference: values['delta_reference']!, target: values['delta_target']! };
}
