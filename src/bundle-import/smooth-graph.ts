import { GraphBuilder, type Precision, type Value } from './graph-builder.ts';
import type { NetworkWeights } from './network-weights.ts';
import { meshGrid, windowLength } from './working-size.ts';

const rows = meshGrid.rows + 1;
const cols = meshGrid.cols + 1;
const CHANNELS = 128;

/** Frames that one output of a convolution over time sees on either side. */
const REACH = 2;
const TAPS = 2 * REACH + 1;

/** Tensor shape of a window of meshes: frame, row, column, (x, y). */
export const windowShape = [1, windowLength, rows, cols, 2] as const;

/** Input that says from which frame of the window on an answer is wanted; the answer for earlier ones is zero. */
export const FIRST_FRAME = 'first_frame';

/**
 * SmoothNet for one window: meshes and paths of both views (`mesh_reference`, `mesh_target`, `path_reference`,
 * `path_target`, 1×7×7×9×2, pixels of 480×360) to what is to be subtracted from the meshes (`delta_reference`,
 * `delta_target`). Convolutions over time are written as flat ones whose input channels hold the neighbouring frames,
 * since not every execution provider has three-dimensional ones; frames that no wanted one sees are not computed.
 */
export function smoothGraph(weights: NetworkWeights, precision: Precision): Uint8Array {
  const graph = new GraphBuilder('smooth', precision);
  const names = ['mesh_reference', 'path_reference', 'mesh_target', 'path_target'];
  const embedded = names.map((name) =>
    embedding(graph, weights, graph.input(name, windowShape), name.startsWith('path')),
  );
  const wanted = graph.toIndex(graph.input(FIRST_FRAME, [1]));
  const joined = graph.reshape(graph.op('Concat', embedded, { axis: 1 }), [windowLength, rows, cols, CHANNELS]);
  let frames: Frames = {
    value: graph.toPrecision(graph.transpose(joined, [0, 3, 1, 2])),
    first: graph.ints([0]),
  };
  for (const layer of [0, 2, 4]) {
    // The layers after this one see two frames back each.
    const reach = graph.ints([REACH * (2 - layer / 2)]);
    const first = graph.op('Max', [graph.op('Sub', [wanted, reach]), graph.ints([0])]);
    frames = convolutionOverTime(graph, weights, `MotionPre.MotionConv3D.${layer}`, frames, first);
  }
  const points = graph.reshape(graph.transpose(frames.value, [0, 2, 3, 1]), [-1, CHANNELS]);
  const decoding = ['weight', 'bias'].map((part) => stored(graph, weights, `MotionPre.decoding.0.${part}`));
  const deltas = graph.toFloat(graph.op('Gemm', [points, ...decoding], { transB: 1 }));
  const before = graph.op('Mul', [wanted, graph.ints([rows * cols, 0, 0, 0])]);
  const whole = graph.op('Pad', [deltas, before], { mode: 'constant' });
  ['delta_reference', 'delta_target'].forEach((name, view) => {
    graph.output(name, windowShape, graph.reshape(graph.slice(whole, [1], [view * 2], [view * 2 + 2]), windowShape));
  });
  return graph.toBytes('StabStitch++ SmoothNet, written by seamline models import');
}

/** Frames × channels × rows × columns, and which frame of the window comes first; the last is always there. */
interface Frames {
  readonly value: Value;
  readonly first: Value;
}

/** relu(E · v + b) for every point: frames·rows·cols × 32. In float32, since float16 cannot hold pixels finely. */
function embedding(graph: GraphBuilder, weights: NetworkWeights, input: Value, isPath: boolean): Value {
  const layer = `MotionPre.embedding${isPath ? 3 : 1}.0`;
  const points = graph.reshape(input, [windowLength * rows * cols, 2]);
  const [matrix, bias] = ['weight', 'bias'].map((part) => {
    const name = `${layer}.${part}`;
    return graph.floats(weights.shape(name), [...weights.values(name)]);
  }) as [Value, Value];
  return graph.op('Relu', [graph.op('Gemm', [points, matrix, bias], { transB: 1 })]);
}

/** @param first frame of the window that the result begins with */
function convolutionOverTime(
  graph: GraphBuilder,
  weights: NetworkWeights,
  layer: string,
  input: Frames,
  first: Value,
): Frames {
  const padded = graph.pad(input.value, [REACH, 0, 0, 0, REACH, 0, 0, 0]);
  const start = graph.op('Sub', [first, input.first]);
  const end = graph.op('Sub', [graph.ints([windowLength]), input.first]);
  const frames = Array.from({ length: TAPS }, (_item, tap) => {
    const shift = graph.ints([tap]);
    const range = [graph.op('Add', [start, shift]), graph.op('Add', [end, shift])];
    return graph.op('Slice', [padded, ...range, graph.ints([0])]);
  });
  const kernel = timeAsChannels(weights.values(`${layer}.weight`), CHANNELS);
  const value = graph.op(
    'Conv',
    [
      graph.op('Concat', frames, { axis: 1 }),
      graph.weights(`${layer}.weight`, [CHANNELS, TAPS * CHANNELS, 3, 3], kernel),
      stored(graph, weights, `${layer}.bias`),
    ],
    { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
  );
  return { value: graph.op('Relu', [value]), first };
}

/** A kernel [O, I, time, 3, 3] as [O, time · I, 3, 3]. */
export function timeAsChannels(kernel: Float32Array, channels: number): Float32Array {
  const result = new Float32Array(kernel.length);
  const outputs = kernel.length / (channels * TAPS * 9);
  for (let output = 0; output < outputs; output += 1) {
    for (let input = 0; input < channels; input += 1) {
      for (let tap = 0; tap < TAPS; tap += 1) {
        const from = ((output * channels + input) * TAPS + tap) * 9;
        result.set(kernel.subarray(from, from + 9), ((output * TAPS + tap) * channels + input) * 9);
      }
    }
  }
  return result;
}

function stored(graph: GraphBuilder, weights: NetworkWeights, name: string): Value {
  return graph.weights(name, weights.shape(name), weights.values(name));
}
