import type { GraphBuilder, Value } from './graph-builder.ts';
import { featureSize } from './working-size.ts';

/** Features 1×128×45×60 as cells × channels. */
export function asCells(graph: GraphBuilder, features: Value): Value {
  const { rows, cols, channels } = featureSize;
  return graph.reshape(graph.transpose(features, [0, 2, 3, 1]), [rows * cols, channels]);
}
