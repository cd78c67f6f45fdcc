import type { TensorManifest } from '../contract/bundle-manifest.ts';
import { costSides } from './cost-volume-graph.ts';
import { coarseSize, featureSize } from './working-size.ts';

const cells = featureSize.rows * featureSize.cols;

/** Inner values of the graphs that a debug build gives out, in the order of the computation. */
export const probes = {
  spatial: [
    { name: 'probe_feature16_reference', shape: [1, coarseSize.channels, coarseSize.rows, coarseSize.cols] },
    { name: 'probe_feature16_target', shape: [1, coarseSize.channels, coarseSize.rows, coarseSize.cols] },
    { name: 'probe_ccl_flow', shape: [1, 2, coarseSize.rows, coarseSize.cols] },
    /** Row-major 3×3 of the whole and of the halved corner offsets, in coordinates −1 … 1 of both views. */
    { name: 'probe_homographies', shape: [2, 3, 3] },
    /** Cells × channels. */
    { name: 'probe_warped_reference', shape: [cells, featureSize.channels] },
    { name: 'probe_warped_target', shape: [cells, featureSize.channels] },
    { name: 'probe_cost_reference', shape: [cells, costSides.spatial ** 2] },
    /** Channels × cells, channels in the reverse of the checkpoint's order. */
    { name: 'probe_cost_target', shape: [1, costSides.spatial ** 2, featureSize.rows, featureSize.cols] },
  ],
  temporal: [{ name: 'probe_cost_temporal', shape: [cells, costSides.temporal ** 2] }],
} as const satisfies Record<string, readonly TensorManifest[]>;
