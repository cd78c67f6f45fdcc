import { featuresAtEighth } from './backbone-graph.ts';
import { asCells } from './cells.ts';
import { cellsAsPicture, costChannelMap, costSides, costVolume } from './cost-volume-graph.ts';
import { GraphBuilder, type Precision } from './graph-builder.ts';
import type { NetworkWeights } from './network-weights.ts';
import { regressionHead } from './regression-graph.ts';
import { featureSize, imageShape, meshShape } from './working-size.ts';

const RADIUS = (costSides.temporal - 1) / 2;

/**
 * TemporalNet for one view: `image` 1×3×360×480 and the `previous_features` 1×45×60×128 that the frame before gave,
 * to `motion` 1×7×9×2 (a control point of this frame lies at rigid + motion in the frame before, pixels of 480×360)
 * and `features` for the next frame. With zeros as previous features, for a first frame, the motion means nothing.
 */
export function temporalGraph(weights: NetworkWeights, precision: Precision): Uint8Array {
  const graph = new GraphBuilder('temporal', precision);
  const image = graph.toPrecision(graph.input('image', imageShape));
  const before = graph.toPrecision(graph.input('previous_features', featureShape));
  const { rows, cols, channels } = featureSize;
  const cells = asCells(graph, featuresAtEighth(graph, weights, image));
  const cost = costVolume(
    graph,
    graph.reshape(before, [rows * cols, channels]),
    cells,
    featureSize,
    RADIUS,
    'probe_cost_temporal',
  );
  const picture = cellsAsPicture(graph, cost, featureSize, RADIUS);
  const prefixes = { convolutions: 'regressNet2_part1', perceptron: 'regressNet2_part2' };
  const motion = regressionHead(graph, weights, prefixes, { value: picture, ...featureSize }, costChannelMap(RADIUS));
  graph.output('motion', meshShape, graph.reshape(graph.toFloat(motion), meshShape));
  graph.output('features', featureShape, graph.reshape(graph.toFloat(cells), featureShape, 'features'));
  return graph.toBytes('StabStitch++ TemporalNet, written by seamline models import');
}

/** Shape of the features that TemporalNet carries from frame to frame, channels last. */
export const featureShape = [1, featureSize.rows, featureSize.cols, featureSize.channels] as const;
