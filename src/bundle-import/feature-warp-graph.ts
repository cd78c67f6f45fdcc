import type { GraphBuilder, Value } from './graph-builder.ts';
import { awayFromZero } from './mid-plane-graph.ts';
import { featureSize } from './working-size.ts';

/**
 * Features of one view seen from the mid-plane. Two things of the original are kept for exactness: positions are
 * scaled by the size where −1 … 1 spans size − 1 cells, and a cell outside is zero without a soft border.
 * @param features cells × channels, in the graph's number type
 * @param map 1×3×3, mid-plane to view in coordinates −1 … 1, float32
 * @returns cells × channels, in the graph's number type
 */
export function warpFeatures(graph: GraphBuilder, features: Value, map: Value, name: string): Value {
  const { rows, cols } = featureSize;
  const [x, y] = positions(graph, map);
  const inside = [
    graph.op('GreaterOrEqual', [x, graph.floats([1], [0])]),
    graph.op('Less', [x, graph.floats([1], [cols - 1])]),
    graph.op('GreaterOrEqual', [y, graph.floats([1], [0])]),
    graph.op('Less', [y, graph.floats([1], [rows - 1])]),
  ].reduce((both, test) => graph.op('And', [both, test]));
  // Where and not a product: a position that is infinite or not a number must not reach the indices.
  const zero = graph.floats([1], [0]);
  const weight = graph.op('Where', [inside, graph.floats([1], [1]), zero]);
  const [left, rightShare] = wholeAndRest(graph, graph.op('Where', [inside, x, zero]));
  const [top, lowerShare] = wholeAndRest(graph, graph.op('Where', [inside, y, zero]));
  const cell = graph.op('Add', [graph.op('Mul', [top, graph.floats([1], [cols])]), left]);
  const index = graph.reshape(graph.toIndex(cell), [rows * cols]);
  const lower = graph.op('Mul', [weight, lowerShare]);
  const upper = graph.op('Sub', [weight, lower]);
  const corners = [upper, lower].flatMap((share, row) => {
    const right = graph.op('Mul', [share, rightShare]);
    return [graph.op('Sub', [share, right]), right].map((factor, col) => {
      const at = graph.op('Add', [index, graph.ints([row * cols + col])]);
      const picked = graph.op('Gather', [features, at], { axis: 0 });
      return graph.op('Mul', [picked, graph.toPrecision(factor)]);
    });
  });
  return graph.sum(corners, name);
}

/** Source positions of all cells: x and y, cells × 1 each, in cells. */
function positions(graph: GraphBuilder, map: Value): [Value, Value] {
  const { rows, cols } = featureSize;
  const grid = Array.from({ length: rows * cols }, (_item, cell) => [
    -1 + (2 * (cell % cols)) / (cols - 1),
    -1 + (2 * Math.floor(cell / cols)) / (rows - 1),
    1,
  ]).flat();
  const transposed = graph.reshape(graph.transpose(map, [0, 2, 1]), [3, 3]);
  const mapped = graph.op('MatMul', [graph.floats([rows * cols, 3], grid), transposed]);
  const divisor = awayFromZero(graph, graph.slice(mapped, [1], [2], [3]), 1e-7);
  return [
    [0, cols / 2],
    [1, rows / 2],
  ].map(([axis = 0, half = 0]) => {
    const ratio = graph.op('Div', [graph.slice(mapped, [1], [axis], [axis + 1]), divisor]);
    return graph.op('Mul', [graph.op('Add', [ratio, graph.floats([1], [1])]), graph.floats([1], [half])]);
  }) as [Value, Value];
}

function wholeAndRest(graph: GraphBuilder, value: Value): [Value, Value] {
  const whole = graph.op('Floor', [value]);
  return [whole, graph.op('Sub', [value, whole])];
}
