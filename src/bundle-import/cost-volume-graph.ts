import type { GraphBuilder, Value } from './graph-builder.ts';

/** Size of a plane of features, cells. */
export interface CellSize {
  readonly rows: number;
  readonly cols: number;
}

/** Offsets on each axis that the networks compare, −r … r. */
export const costSides = { spatial: 11, temporal: 7 } as const;

/** ONNX Runtime's blocked convolutions take input channels in groups of four; more zeros cost more than they bring. */
const CHANNEL_GROUP = 4;

/** Number of offsets of a radius, and the channels that hold them: filled up to a multiple of four with zeros. */
function costChannels(radius: number): { offsets: number; channels: number } {
  const offsets = (2 * radius + 1) ** 2;
  return { offsets, channels: Math.ceil(offsets / CHANNEL_GROUP) * CHANNEL_GROUP };
}

/**
 * For each channel of a cost volume, the checkpoint's channel, and −1 for the zeros.
 * @param reversed for `reverseCostVolume`, whose channels run the other way
 */
export function costChannelMap(radius: number, reversed = false): number[] {
  const { offsets, channels } = costChannels(radius);
  return Array.from({ length: channels }, (_item, index) => {
    if (index >= offsets) return -1;
    return reversed ? offsets - 1 - index : index;
  });
}

/**
 * Mean over the channels of the products of A(y, x) with B(y + j − r, x + i − r), zero outside, then leaky ReLU 0.1.
 * All products of a row of A with one row of B are one matrix product; the wanted ones lie on 2r + 1 diagonals.
 * With one row more than columns, reading the product with rows longer by one turns diagonals into columns.
 * @param a, b rows·cols × channels, in the graph's number type
 * @returns [2r+1 (j), 2r+1 (i), rows, cols]; channel k = j·(2r+1) + i
 */
export function costVolume(
  graph: GraphBuilder,
  a: Value,
  b: Value,
  size: CellSize & { readonly channels: number },
  radius: number,
): Value {
  const { rows, cols, channels } = size;
  const side = 2 * radius + 1;
  const wide = cols + 2 * radius;
  const mean = graph.weights(`mean_${radius}`, [1], Float32Array.of(1 / channels));
  const scaled = graph.reshape(graph.op('Mul', [a, mean]), [1, rows, cols, channels]);
  const left = graph.pad(scaled, [0, 0, 0, 0, 0, 0, wide + 1 - cols, 0]);
  const padded = graph.pad(graph.reshape(b, [rows, cols, channels]), [radius, radius, 0, radius, radius, 0]);
  const right = graph.transpose(padded, [0, 2, 1]);
  const rowIndices = Array.from({ length: side * rows }, (_item, index) => (index % rows) + Math.floor(index / rows));
  const pairs = graph.reshape(graph.op('Gather', [right, graph.ints(rowIndices)], { axis: 0 }), [
    side,
    rows,
    channels,
    wide,
  ]);
  const products = graph.op('MatMul', [left, pairs]);
  const diagonals = graph.slice(graph.reshape(products, [side, rows, wide, wide + 1]), [2, 3], [0, 0], [cols, side]);
  return graph.op('LeakyRelu', [graph.transpose(diagonals, [0, 3, 1, 2])], { alpha: { float: 0.1 } });
}

/**
 * The cost volume of B against A from that of A against B, which holds the same products:
 * result[j, i, y, x] = cost[j, i, y − (j − r), x − (i − r)], so channel (j, i) is the checkpoint's (2r − j, 2r − i).
 * @param cost as `costVolume` gives it
 */
export function reverseCostVolume(graph: GraphBuilder, cost: Value, size: CellSize, radius: number): Value {
  const { rows, cols } = size;
  const side = 2 * radius + 1;
  const wide = cols + 2 * radius;
  // One row more than the radius at the bottom, so that the last wanted element survives the shortening below.
  const high = rows + 2 * radius + 1;
  const padded = graph.pad(cost, [0, 0, radius, radius, 0, 0, radius + 1, radius]);
  // Reading planes shorter by one element shifts plane i to the right by i.
  const plane = high * wide;
  const flat = graph.slice(graph.reshape(padded, [side, side * plane]), [1], [0], [side * (plane - 1)]);
  const shifted = graph.reshape(flat, [side, side, plane - 1]);
  const moved = Array.from({ length: side }, (_item, j) => {
    const start = (2 * radius - j) * wide;
    return graph.slice(shifted, [0, 2], [j, start], [j + 1, start + rows * wide]);
  });
  const joined = graph.reshape(graph.op('Concat', moved, { axis: 0 }), [side, side, rows, wide]);
  return graph.slice(joined, [3], [2 * radius], [wide]);
}

/** [j, i, rows, cols] as one picture 1×channels×rows×cols, filled up with zero channels. */
export function asChannels(graph: GraphBuilder, cost: Value, size: CellSize, radius: number, name: string): Value {
  const { offsets, channels } = costChannels(radius);
  const picture = graph.reshape(cost, [1, offsets, size.rows, size.cols], name);
  return graph.pad(picture, [0, 0, 0, 0, 0, channels - offsets, 0, 0]);
}
