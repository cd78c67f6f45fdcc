import type { NetworkManifest } from '../contract/bundle-manifest.ts';
import type { NetworkRole } from './checkpoint-layout.ts';
import { FIRST_FRAME, windowShape } from './smooth-graph.ts';
import { featureShape } from './temporal-graph.ts';
import { imageShape, meshShape } from './working-size.ts';

const named = (shape: readonly number[], ...names: string[]): { name: string; shape: readonly number[] }[] =>
  names.map((name) => ({ name, shape }));

/** Inputs and outputs of the graphs, as the manifest of a bundle lists them. */
export const networkTensors: Readonly<Record<NetworkRole, Pick<NetworkManifest, 'inputs' | 'outputs'>>> = {
  spatial: {
    inputs: named(imageShape, 'reference', 'target'),
    outputs: [
      { name: 'homography_offsets', shape: [1, 4, 2] },
      ...named(meshShape, 'mesh_offsets_reference', 'mesh_offsets_target'),
    ],
  },
  temporal: {
    inputs: [...named(imageShape, 'image'), ...named(featureShape, 'previous_features')],
    outputs: [...named(meshShape, 'motion'), ...named(featureShape, 'features')],
  },
  smooth: {
    inputs: [
      ...named(windowShape, 'mesh_reference', 'mesh_target', 'path_reference', 'path_target'),
      ...named([1], FIRST_FRAME),
    ],
    outputs: named(windowShape, 'delta_reference', 'delta_target'),
  },
};
