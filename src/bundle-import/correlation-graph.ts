import type { GraphBuilder, Value } from './graph-builder.ts';
import { coarseSize } from './working-size.ts';

/** Sharpness of the softmax over the positions of the second view. */
const SOFTMAX_SCALE = 10;
const SMALLEST_NORM = 1e-12;

/**
 * Contextual correlation: for each cell of view 1, where its 3×3 neighbourhood most likely lies in view 2.
 * The sum over a neighbourhood of the products of two positions is a sum of nine elements along a diagonal of the
 * matrix of all products; with both positions counted on one zero-padded plane, that diagonal is a fixed step in
 * memory, so that whole slices can be added.
 * @param one, two features of both views, 1×256×23×30, float32
 * @returns displacement 1×2×23×30, channel 0 = x, 1 = y, in cells, float32
 */
export function correlationFlow(graph: GraphBuilder, one: Value, two: Value): Value {
  const { rows, cols, channels } = coarseSize;
  // A zero column on the left, which is also the one to the right of the row above; one zero row above, and two below
  // since the slices get shorter.
  const wide = cols + 1;
  const high = rows + 3;
  const positions = wide * high;
  const [first, second] = [one, two].map((features, view) => {
    const cells = graph.transpose(features, [0, 2, 3, 1]);
    const norm = graph.op('ReduceL2', [cells], { axes: [3], keepdims: 1 });
    const length = graph.op('Max', [norm, graph.floats([1], [SMALLEST_NORM])]);
    // The sharpness is in the first view's features, of which there are fewer than products.
    const divisor = view === 0 ? graph.op('Mul', [length, graph.floats([1], [1 / SOFTMAX_SCALE])]) : length;
    const unit = graph.op('Div', [cells, divisor]);
    return graph.reshape(graph.pad(unit, [0, 1, 1, 0, 0, 2, 0, 0]), [positions, channels]);
  }) as [Value, Value];
  const products = graph.op('MatMul', [first, graph.transpose(second, [1, 0])]);
  const step = positions + 1;
  const across = sumOfThree(graph, graph.reshape(products, [positions * positions]), positions * positions, step);
  const around = sumOfThree(graph, across, positions * positions - 2 * step, step * wide);
  const square = graph.reshape(graph.slice(around, [0], [0], [rows * wide * positions]), [rows, wide, high, wide]);
  const matches = graph.reshape(graph.slice(square, [1, 2, 3], [0, 0, 0], [cols, rows, cols]), [
    rows * cols,
    rows * cols,
  ]);
  const likelihood = graph.op('Softmax', [matches], { axis: -1 });
  const cells = Array.from({ length: rows * cols }, (_item, index) => [index % cols, Math.floor(index / cols)]).flat();
  const places = graph.floats([rows * cols, 2], cells);
  const displacement = graph.op('Sub', [graph.op('MatMul', [likelihood, places]), places]);
  return graph.reshape(graph.transpose(displacement, [1, 0]), [1, 2, rows, cols], 'probe_ccl_flow');
}

/** v[k] + v[k + step] + v[k + 2·step] of a flat value. */
function sumOfThree(graph: GraphBuilder, value: Value, length: number, step: number): Value {
  const rest = length - 2 * step;
  const terms = [0, step, 2 * step].map((start) => graph.slice(value, [0], [start], [start + rest]));
  return graph.sum(terms);
}
