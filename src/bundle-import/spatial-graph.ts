import { featuresAtEighth, featuresAtSixteenth } from './backbone-graph.ts';
import { correlationFlow } from './correlation-graph.ts';
import { asChannels, costChannelMap, costSides, costVolume, reverseCostVolume } from './cost-volume-graph.ts';
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
  const views = [graph.input('reference', imageShape), graph.input('target', imageShape)];
  const images = graph.toPrecision(graph.op('Concat', views, { axis: 0 }));
  const fine = featuresAtEighth(graph, weights, images);
  const coarse = graph.toFloat(featuresAtSixteenth(graph, weights, fine), 'probe_feature16');
  const flow = graph.toPrecision(correlationFlow(graph, coarse));
  const offsets = graph.toFloat(homographyHead(graph, weights, flow));
  graph.output('homography_offsets', [1, 4, 2], graph.reshape(offsets, [1, 4, 2]));
  const [referenceMap, targetMap] = midPlaneMaps(graph, offsets);
  const reference = warpFeatures(graph, viewRows(graph, fine, 0), referenceMap, 'probe_warped_reference');
  const target = warpFeatures(graph, viewRows(graph, fine, 1), targetMap, 'probe_warped_target');
  const cost = costVolume(graph, reference, graph.transpose(target, [1, 0]), featureSize, RADIUS);
  meshHead(graph, weights, 'reference', cost);
  meshHead(graph, weights, 'target', reverseCostVolume(graph, cost, featureSize, RADIUS));
  return graph.toBytes('StabStitch++ SpatialNet, written by seamline models import');
}

function homographyHead(graph: GraphBuilder, weights: NetworkWeights, flow: Value): Value {
  const prefixes = { convolutions: 'regressNet1_part1', perceptron: 'regressNet1_part2' };
  return regressionHead(graph, weights, prefixes, { value: flow, ...coarseSize }, [0, 1]);
}

function meshHead(graph: GraphBuilder, weights: NetworkWeights, view: 'reference' | 'target', cost: Value): void {
  const suffix = view === 'reference' ? 'ref' : 'tgt';
  const prefixes = { convolutions: `regressNet2_part1_${suffix}`, perceptron: `regressNet2_part2_${suffix}` };
  const picture = asChannels(graph, cost, featureSize, RADIUS, `probe_cost_${view}`);
  const channels = costChannelMap(RADIUS, view === 'target');
  const offsets = regressionHead(graph, weights, prefixes, { value: picture, ...featureSize }, channels);
  graph.output(`mesh_offsets_${view}`, meshShape, graph.reshape(graph.toFloat(offsets), meshShape));
}

/** Features of one view of a batch as cells × channels. */
function viewRows(graph: GraphBuilder, features: Value, view: number): Value {
  const { rows, cols, channels } = featureSize;
  const one = graph.slice(features, [0], [view], [view + 1]);
  return graph.reshape(graph.transpose(one, [0, 2, 3, 1]), [rows * cols, channels]);
}
