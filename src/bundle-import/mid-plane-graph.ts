import type { GraphBuilder, Value } from './graph-builder.ts';
import { workingSize } from './working-size.ts';

/** Keeps a collapsed quadrilateral from dividing by zero; a real one has a determinant of about 10^5. */
const SMALLEST_DETERMINANT = 1e-6;

/**
 * The two maps from the virtual mid-plane, in coordinates −1 … 1 of the view on both sides: to view 2 by the
 * homography of the half corner offsets, to view 1 by the inverse of the full one after that. Each is exact: the
 * closed form of the map from a square to a quadrilateral instead of a linear system.
 * @param offsets of the corners (0, 0), (W, 0), (0, H), (W, H), 1×8, pixels of the working size, float32
 * @returns [reference, target] 1×3×3 each, row-major, float32; `probe_homographies` holds H and its half, 2×3×3
 */
export function midPlaneMaps(graph: GraphBuilder, offsets: Value): [reference: Value, target: Value] {
  const { widthPx, heightPx } = workingSize;
  const corners = graph.floats([1, 8], [0, 0, widthPx, 0, 0, heightPx, widthPx, heightPx]);
  const moves = graph.op('Mul', [offsets, graph.floats([2, 1], [1, 0.5])]);
  const points = graph.reshape(graph.op('Add', [corners, moves]), [2, 4, 2]);
  const square = squareToQuadrilateral(graph, points);
  const [w, h] = [widthPx / 2, heightPx / 2];
  const toSquare = graph.floats([3, 3], [0.5, 0, 0.5, 0, 0.5, 0.5, 0, 0, 1]);
  const fromPixels = graph.floats([3, 3], [1 / w, 0, -1, 0, 1 / h, -1, 0, 0, 1]);
  const maps = graph.op('MatMul', [graph.op('MatMul', [fromPixels, square]), toSquare], {}, 'probe_homographies');
  const full = graph.slice(maps, [0], [0], [1]);
  const half = graph.slice(maps, [0], [1], [2]);
  return [graph.op('MatMul', [inverse(graph, full), half]), half];
}

/** Unit square to the quadrilateral of four points, both corners in the order of the offsets. @returns N×3×3 */
function squareToQuadrilateral(graph: GraphBuilder, points: Value): Value {
  const [p0, p1, p2, p3] = [0, 1, 2, 3].map((corner) => graph.slice(points, [1], [corner], [corner + 1])) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const right = graph.op('Sub', [p1, p3]);
  const down = graph.op('Sub', [p2, p3]);
  const skew = graph.op('Add', [graph.op('Sub', [graph.op('Sub', [p0, p1]), p2]), p3]);
  const area = awayFromZero(graph, cross(graph, right, down));
  const g = graph.op('Div', [cross(graph, skew, down), area]);
  const h = graph.op('Div', [cross(graph, right, skew), area]);
  const column = (point: Value, perspective: Value): Value =>
    graph.op('Add', [graph.op('Sub', [point, p0]), graph.op('Mul', [perspective, point])]);
  const perspective = graph.op('Concat', [g, h, graph.op('Div', [area, area])], { axis: 2 });
  const columns = graph.op('Concat', [column(p1, g), column(p2, h), p0], { axis: 1 });
  return graph.op('Concat', [graph.transpose(columns, [0, 2, 1]), perspective], { axis: 1 });
}

/** x1·y2 − x2·y1 of N×1×2 vectors: N×1×1. */
function cross(graph: GraphBuilder, a: Value, b: Value): Value {
  const [ax, ay] = split(graph, a);
  const [bx, by] = split(graph, b);
  return graph.op('Sub', [graph.op('Mul', [ax, by]), graph.op('Mul', [bx, ay])]);
}

function split(graph: GraphBuilder, vector: Value): [Value, Value] {
  return [graph.slice(vector, [2], [0], [1]), graph.slice(vector, [2], [1], [2])];
}

/** Inverse of 1×3×3 by its cofactors: row k of them is the cross product of the two rows after row k. */
function inverse(graph: GraphBuilder, matrix: Value): Value {
  const rotate = (value: Value, axis: number, by: number): Value =>
    graph.op('Gather', [value, graph.ints(by === 1 ? [1, 2, 0] : [2, 0, 1])], { axis });
  const a = rotate(matrix, 1, 1);
  const b = rotate(matrix, 1, 2);
  const cofactors = graph.op('Sub', [
    graph.op('Mul', [rotate(a, 2, 1), rotate(b, 2, 2)]),
    graph.op('Mul', [rotate(a, 2, 2), rotate(b, 2, 1)]),
  ]);
  const products = graph.slice(graph.op('Mul', [matrix, cofactors]), [1], [0], [1]);
  const determinant = graph.op('ReduceSum', [products, graph.ints([2])], { keepdims: 1 });
  return graph.op('Div', [graph.transpose(cofactors, [0, 2, 1]), awayFromZero(graph, determinant)]);
}

/** The value, moved by a millionth where it is smaller than that. */
export function awayFromZero(graph: GraphBuilder, value: Value, smallest = SMALLEST_DETERMINANT): Value {
  const isTiny = graph.op('Less', [graph.op('Abs', [value]), graph.floats([1], [smallest])]);
  const moved = graph.op('Add', [value, graph.floats([1], [SMALLEST_DETERMINANT])]);
  return graph.op('Where', [isTiny, moved, value]);
}
