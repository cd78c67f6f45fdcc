import { featuresAtEighth, featuresAtSixteenth } from './backbone-graph.ts';
import { correlationFlow } from './correlation-graph.ts';
import { asCells } from './cells.ts';
import {
  cellsAsPicture,
  costChannelMap,
  costSides,
  costVolume,
  planesAsPicture,
  reverseCostVolume,
} from './cost-volume-graph.ts';
import { warpFeatures } from './feature-warp-graph.ts';
import { GraphBuilder, type Precision, type Value } from './graph-builder.ts';
import { midPlaneMaps } from './mid-plane-graph.ts';
import type { NetworkWeights } from './network-weights.ts';
import { regressionHead } from './regression-graph.ts';
import { coarseSize, featureSize, imageShape, meshShape } from './working-size.ts';

const RADIUS = (costSides.spatial - 1) / 2;

/**
 * SpatialNet for one pair: `reference` and `target` 1×3×360×480 to `homography_offsets` 1×4×2 of the corners (0, 0),
 * (480, 0), (0, 360), (480, 360), and to `mesh_offsets_reference` and `mesh_offsets_target` 1×7×9×2, which add to the
 * meshes that the halves of the homography give; pixels of 480×360.
 */
export function spatialGraph(weights: NetworkWeights, precision: Precision): Uint8Array {
  const graph = new GraphBuilder('spatial', precision);
  const [reference, target] = (['reference', 'target'] as const).map((view) => {
    // One picture after the other: both at once would not fit a core's cache.
    const fine = featuresAtEighth(graph, weights, graph.toPrecision(graph.input(view, imageShape)));
    const coarse = graph.toFloat(featuresAtSixteenth(graph, weights, fine), `probe_feature16_${view}`);
    return { cells: asCells(graph, fine), coarse };
  }) as [Features, Features];
  const flow = graph.toPrecision(correlationFlow(graph, reference.coarse, target.coarse));
  const offsets = graph.toFloat(homographyHead(graph, weights, flow));
  graph.output('homography_offsets', [1, 4, 2], graph.reshape(offsets, [1, 4, 2]));
  const [referenceMap, targetMap] = midPlaneMaps(graph, offsets);
  const one = warpFeatures(graph, reference.cells, referenceMap, 'probe_warped_reference');
  const two = warpFeatures(graph, target.cells, targetMap, 'probe_warped_target');
  const cost = costVolume(graph, one, two, featureSize, RADIUS, 'probe_cost_reference');
  meshHead(graph, weights, 'reference', cellsAsPicture(graph, cost, featureSize, RADIUS));
  const back = reverseCostVolume(graph, cost, featureSize, RADIUS);
  meshHead(graph, weights, 'target', planesAsPicture(graph, back, featureSize, RADIUS, 'probe_cost_target'));
  return graph.toBytes('StabStitch++ SpatialNet, written by seamline models import');
}

/** Of one view: cells × channels at an eighth, 1×256×23×30 at a sixteenth, float32. */
interface Features {
  readonly cells: Value;
  readonly coarse: Value;
}

function homographyHead(graph: GraphBuilder, weights: NetworkWeights, flow: Value): Value {
  const prefixes = { convolutions: 'regressNet1_part1', perceptron: 'regressNet1_part2' };
  return regressionHead(graph, weights, prefixes, { value: flow, ...coarseSize }, [0, 1]);
}

function meshHead(graph: GraphBuilder, weights: NetworkWeights, view: 'reference' | 'target', picture: Value): void {
  const suffix = view === 'reference' ? 'ref' : 'tgt';
  const prefixes = { convolutions: `regressNet2_part1_${suffix}`, perceptron: `regressNet2_part2_${suffix}` };
  const channels = costChannelMap(RADIUS, view === 'target');
  const offsets = regressionHead(graph, weights, prefixes, { value: picture, ...featureSize }, channels);
  graph.output(`mesh_offsets_${view}`, meshShape, graph.reshape(graph.toFloat(offsets), meshShape));
}
