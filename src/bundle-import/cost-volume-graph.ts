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

/** Largest blocks whose products are computed as one matrix; found by measuring, at 45×60 cells of 128 channels. */
const MAX_BLOCK = { rows: 5, cols: 10 } as const;

const largestDivisor = (value: number, limit: number): number => {
  let divisor = Math.min(value, limit);
  while (value % divisor !== 0) divisor -= 1;
  return divisor;
};

/**
 * Mean over the channels of the products of A(y, x) with B(y + j − r, x + i − r), zero outside, then leaky ReLU 0.1.
 * All products of a block of A with all that it meets of B are one matrix product. Of it, x + i of a cell x is wanted:
 * reading the matrix with rows longer by one turns these diagonals into columns.
 * @param a, b cells × channels, in the graph's number type
 * @returns cells × (2r+1)²; channel k = j·(2r+1) + i
 */
export function costVolume(
  graph: GraphBuilder,
  a: Value,
  b: Value,
  size: CellSize & { readonly channels: number },
  radius: number,
  name?: string,
): Value {
  const block = { rows: largestDivisor(size.rows, MAX_BLOCK.rows), cols: largestDivisor(size.cols, MAX_BLOCK.cols) };
  const [down, across] = [size.rows / block.rows, size.cols / block.cols];
  const side = 2 * radius + 1;
  const [high, wide] = [block.rows + 2 * radius, block.cols + 2 * radius];
  const reach = high * wide;
  const left = blocksOf(graph, a, { ...size, block });
  const right = graph.transpose(surroundings(graph, b, { ...size, block }, radius), [0, 1, 3, 2]);
  const products = graph.reshape(graph.op('MatMul', [left, right]), [
    down,
    across,
    block.rows,
    (block.cols + 1) * reach,
  ]);
  const skewed = graph.reshape(graph.slice(products, [3], [0], [block.cols * (reach + 1)]), [
    down,
    across,
    block.rows,
    block.cols,
    reach + 1,
  ]);
  const ofRows = Array.from({ length: block.rows }, (_item, row) =>
    graph.slice(skewed, [2, 4], [row, row * wide], [row + 1, (row + side) * wide]),
  );
  const joined = graph.reshape(graph.op('Concat', ofRows, { axis: 2 }), [
    down,
    across,
    block.rows,
    block.cols,
    side,
    wide,
  ]);
  const rowByRow = graph.transpose(graph.slice(joined, [5], [0], [side]), [0, 2, 1, 3, 4, 5]);
  const cost = graph.reshape(rowByRow, [size.rows * size.cols, side * side]);
  return graph.op('LeakyRelu', [cost], { alpha: { float: 0.1 } }, name);
}

interface Blocks extends CellSize {
  readonly channels: number;
  readonly block: CellSize;
}

/** A in blocks, already divided by the number of channels: down × across × (block rows · (block cols + 1)) × channels. */
function blocksOf(graph: GraphBuilder, a: Value, { rows, cols, channels, block }: Blocks): Value {
  const [down, across] = [rows / block.rows, cols / block.cols];
  const mean = graph.weights(`mean_of_${channels}`, [1], Float32Array.of(1 / channels));
  // One column more, of any cells, for the reading with longer rows: no wanted product is in it.
  const long = block.cols + 1;
  const cells = blockCells(down, across, block.rows, long, (row, col, y, x) => {
    return (row * block.rows + y) * cols + Math.min(col * block.cols + x, cols - 1);
  });
  const gathered = graph.op('Gather', [graph.op('Mul', [a, mean]), graph.ints(cells)], { axis: 0 });
  return graph.reshape(gathered, [down, across, block.rows * long, channels]);
}

/** What each block meets of B: down × across × ((block rows + 2r) · (block cols + 2r)) × channels. */
function surroundings(graph: GraphBuilder, b: Value, { rows, cols, channels, block }: Blocks, radius: number): Value {
  const [down, across] = [rows / block.rows, cols / block.cols];
  const [high, wide] = [block.rows + 2 * radius, block.cols + 2 * radius];
  // The row behind the last cell is zero, and stands for all cells outside.
  const withZero = graph.pad(b, [0, 0, 1, 0]);
  const cells = blockCells(down, across, high, wide, (row, col, y, x) => {
    const [otherY, otherX] = [row * block.rows + y - radius, col * block.cols + x - radius];
    const isInside = otherY >= 0 && otherX >= 0 && otherY < rows && otherX < cols;
    return isInside ? otherY * cols + otherX : rows * cols;
  });
  const gathered = graph.op('Gather', [withZero, graph.ints(cells)], { axis: 0 });
  return graph.reshape(gathered, [down, across, high * wide, channels]);
}

/** Which cell stands at row y and column x of each block. */
function blockCells(
  down: number,
  across: number,
  high: number,
  wide: number,
  cell: (row: number, col: number, y: number, x: number) => number,
): number[] {
  return Array.from({ length: down * across * high * wide }, (_item, at) => {
    const [x, y] = [at % wide, Math.floor(at / wide) % high];
    const blockIndex = Math.floor(at / (wide * high));
    return cell(Math.floor(blockIndex / across), blockIndex % across, y, x);
  });
}

/**
 * The cost volume of B against A from that of A against B, which holds the same products:
 * result[j, i, y, x] = cost[j, i, y − (j − r), x − (i − r)], so channel (j, i) is the checkpoint's (2r − j, 2r − i).
 * @param cost as `costVolume` gives it
 * @returns [2r+1 (j), 2r+1 (i), rows, cols]
 */
export function reverseCostVolume(graph: GraphBuilder, cost: Value, size: CellSize, radius: number): Value {
  const { rows, cols } = size;
  const side = 2 * radius + 1;
  const wide = cols + 2 * radius;
  // One row more than the radius at the bottom, so that the last wanted element survives the shortening below.
  const high = rows + 2 * radius + 1;
  const padded = graph.pad(planes(graph, cost, size, side), [0, 0, radius, radius, 0, 0, radius + 1, radius]);
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

/** Cells × side² as side × side × rows × cols. ONNX Runtime multiplies by one faster than it transposes. */
function planes(graph: GraphBuilder, cost: Value, { rows, cols }: CellSize, side: number): Value {
  const count = side * side;
  const ones = Float32Array.from({ length: count * count }, (_item, at) => (at % (count + 1) === 0 ? 1 : 0));
  const identity = graph.weights(`identity_${count}`, [count, count], ones);
  return graph.reshape(graph.op('Gemm', [identity, cost], { transB: 1 }), [side, side, rows, cols]);
}

/** Cells × offsets as one picture 1×channels×rows×cols, filled up with zero channels. */
export function cellsAsPicture(graph: GraphBuilder, cost: Value, { rows, cols }: CellSize, radius: number): Value {
  const { offsets, channels } = costChannels(radius);
  const padded = graph.pad(cost, [0, 0, 0, channels - offsets]);
  return graph.transpose(graph.reshape(padded, [1, rows, cols, channels]), [0, 3, 1, 2]);
}

/** [j, i, rows, cols] as the same. @param name of the picture before it is filled up */
export function planesAsPicture(
  graph: GraphBuilder,
  cost: Value,
  { rows, cols }: CellSize,
  radius: number,
  name: string,
): Value {
  const { offsets, channels } = costChannels(radius);
  const picture = graph.reshape(cost, [1, offsets, rows, cols], name);
  return graph.pad(picture, [0, 0, 0, 0, 0, channels - offsets, 0, 0]);
}
