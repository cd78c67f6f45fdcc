import type { GraphBuilder, Value } from './graph-builder.ts';
import type { NetworkWeights } from './network-weights.ts';

/** Added to the variance of a batch norm (PyTorch's default). */
const BATCH_NORM_EPSILON = 1e-5;

const STEM = 'feature_extractor_stage1';

/**
 * ResNet-18 up to layer2: images N×3×360×480 to features N×128×45×60.
 * @param image in the graph's number type
 */
export function featuresAtEighth(graph: GraphBuilder, weights: NetworkWeights, image: Value): Value {
  let value = convolution(graph, weights, image, {
    weight: `${STEM}.0.weight`,
    norm: `${STEM}.1`,
    stride: 2,
    padding: 3,
  });
  value = graph.op('Relu', [value]);
  value = graph.op('MaxPool', [value], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  value = residualLayer(graph, weights, value, `${STEM}.4`, 1);
  return residualLayer(graph, weights, value, `${STEM}.5`, 2);
}

/** ResNet-18's layer3: N×128×45×60 to N×256×23×30. */
export function featuresAtSixteenth(graph: GraphBuilder, weights: NetworkWeights, features: Value): Value {
  return residualLayer(graph, weights, features, 'feature_extractor_stage2.0', 2);
}

function residualLayer(
  graph: GraphBuilder,
  weights: NetworkWeights,
  input: Value,
  prefix: string,
  stride: number,
): Value {
  const first = residualBlock(graph, weights, input, `${prefix}.0`, stride);
  return residualBlock(graph, weights, first, `${prefix}.1`, 1);
}

function residualBlock(
  graph: GraphBuilder,
  weights: NetworkWeights,
  input: Value,
  prefix: string,
  stride: number,
): Value {
  const one = { weight: `${prefix}.conv1.weight`, norm: `${prefix}.bn1`, stride, padding: 1 };
  const two = { weight: `${prefix}.conv2.weight`, norm: `${prefix}.bn2`, stride: 1, padding: 1 };
  const inner = graph.op('Relu', [convolution(graph, weights, input, one)]);
  const outer = convolution(graph, weights, inner, two);
  const down = { weight: `${prefix}.downsample.0.weight`, norm: `${prefix}.downsample.1`, stride, padding: 0 };
  const shortcut = stride === 1 ? input : convolution(graph, weights, input, down);
  return graph.op('Relu', [graph.op('Add', [outer, shortcut])]);
}

interface Layer {
  readonly weight: string;
  readonly norm: string;
  readonly stride: number;
  readonly padding: number;
}

function convolution(graph: GraphBuilder, weights: NetworkWeights, input: Value, layer: Layer): Value {
  const shape = weights.shape(layer.weight);
  const { kernel, bias } = foldBatchNorm(weights, layer.weight, layer.norm);
  const { stride, padding } = layer;
  return graph.op(
    'Conv',
    [input, graph.weights(layer.weight, shape, kernel), graph.weights(`${layer.norm}.folded`, [bias.length], bias)],
    { kernel_shape: shape.slice(2), strides: [stride, stride], pads: [padding, padding, padding, padding] },
  );
}

/**
 * A convolution without bias and the batch norm after it, in evaluation mode, as one convolution with bias:
 * y = (x − mean) / √(variance + 1e-5) · weight + bias, folded in float64.
 */
export function foldBatchNorm(
  weights: NetworkWeights,
  convolution: string,
  norm: string,
): { kernel: Float32Array; bias: Float32Array } {
  const [scale, shift, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((key) =>
    weights.values(`${norm}.${key}`),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const factors = Float64Array.from(
    scale,
    (value, channel) => value / Math.sqrt((variance[channel] ?? 0) + BATCH_NORM_EPSILON),
  );
  const original = weights.values(convolution);
  const perChannel = original.length / factors.length;
  return {
    kernel: original.map((value, index) => value * (factors[Math.floor(index / perChannel)] ?? 0)),
    bias: shift.map((value, channel) => value - (mean[channel] ?? 0) * (factors[channel] ?? 0)),
  };
}
