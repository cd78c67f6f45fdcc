import { convolutionIndex } from './checkpoint-layout.ts';
import type { GraphBuilder, Value } from './graph-builder.ts';
import type { NetworkWeights } from './network-weights.ts';

/** A value with its height and width, cells. */
export interface Plane {
  readonly value: Value;
  readonly rows: number;
  readonly cols: number;
}

/**
 * A stack of 3×3 convolutions with ReLU, halved (floor) after every second one, then three fully connected layers.
 * The rows and columns that the pooling drops are not computed.
 * @param input N = 1, channels as many as `channels` has entries, in the graph's number type
 * @param channels which channel of the checkpoint's first kernel each input channel is; −1 for padding with zeros
 * @returns 1×K in the graph's number type
 */
export function regressionHead(
  graph: GraphBuilder,
  weights: NetworkWeights,
  prefixes: { readonly convolutions: string; readonly perceptron: string },
  input: Plane,
  channels: readonly number[],
): Value {
  const flat = convolutionStack(graph, weights, prefixes.convolutions, input, channels);
  return perceptron(graph, weights, prefixes.perceptron, flat);
}

function convolutionStack(
  graph: GraphBuilder,
  weights: NetworkWeights,
  prefix: string,
  input: Plane,
  channels: readonly number[],
): Value {
  let { value, rows, cols } = input;
  for (let position = 0; position < layerCount(weights, prefix); position += 1) {
    const name = `${prefix}.${convolutionIndex(position)}.weight`;
    const [outputs = 0, inputs = 0] = weights.shape(name);
    const kernel =
      position === 0
        ? graph.weights(name, [outputs, channels.length, 3, 3], selectChannels(weights.values(name), inputs, channels))
        : graph.weights(name, [outputs, inputs, 3, 3], weights.values(name));
    const beforePooling = position % 2 === 1;
    const bottom = beforePooling && rows % 2 === 1 ? 0 : 1;
    const right = beforePooling && cols % 2 === 1 ? 0 : 1;
    value = graph.op('Conv', [value, kernel], { kernel_shape: [3, 3], pads: [1, 1, bottom, right] });
    value = graph.op('Relu', [value]);
    if (beforePooling) {
      value = graph.op('MaxPool', [value], { kernel_shape: [2, 2], strides: [2, 2] });
      [rows, cols] = [Math.floor(rows / 2), Math.floor(cols / 2)];
    }
  }
  return graph.op('Flatten', [value], { axis: 1 });
}

function layerCount(weights: NetworkWeights, prefix: string): number {
  let count = 0;
  while (weights.has(`${prefix}.${convolutionIndex(count)}.weight`)) count += 1;
  return count;
}

/** The kernel [O, I, 3, 3] for other input channels: [O, channels.length, 3, 3]. */
export function selectChannels(kernel: Float32Array, inputs: number, channels: readonly number[]): Float32Array {
  const taps = 9;
  const outputs = kernel.length / (inputs * taps);
  const result = new Float32Array(outputs * channels.length * taps);
  for (let output = 0; output < outputs; output += 1) {
    channels.forEach((channel, place) => {
      if (channel < 0) return;
      const from = (output * inputs + channel) * taps;
      result.set(kernel.subarray(from, from + taps), (output * channels.length + place) * taps);
    });
  }
  return result;
}

function perceptron(graph: GraphBuilder, weights: NetworkWeights, prefix: string, input: Value): Value {
  let value = input;
  for (const layer of [0, 2, 4]) {
    const name = `${prefix}.${layer}`;
    value = graph.op(
      'Gemm',
      [value, weight(graph, weights, `${name}.weight`), weight(graph, weights, `${name}.bias`)],
      { transB: 1 },
    );
    if (layer < 4) value = graph.op('Relu', [value]);
  }
  return value;
}

function weight(graph: GraphBuilder, weights: NetworkWeights, name: string): Value {
  return graph.weights(name, weights.shape(name), weights.values(name));
}
