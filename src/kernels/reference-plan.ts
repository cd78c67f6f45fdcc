import type { Size } from '../contract/pixels.ts';
import type { NodeGrid } from './strip-layout.ts';
import { FULL_NODE } from './strip-layout.ts';

/**
 * Scalar twins of plan.ts, edge-alpha.ts and nodes.ts (src/kernels/assembly), written to be read; tests compare the
 * kernels with them bit by bit. Math.fround stands wherever the kernels round to float32.
 */

/** How a cell of one view is drawn. */
export type Blend = 'none' | 'copy' | 'weights' | 'edge';

/** Both views' node grids on one canvas: x, y interleaved, signed 16.16. */
export interface NodePair {
  readonly grid: NodeGrid;
  readonly nodes: readonly [Int32Array, Int32Array];
  readonly views: readonly [Size, Size];
}

/** What the kernels decide about a node pair. */
export interface Plan {
  readonly sharpness: number;
  /** Target view's weight at each node, 0 … 32767 << 8. */
  readonly weights: Int32Array;
  /** One per cell. */
  readonly blends: readonly [Blend[], Blend[]];
}

const f = Math.fround;

/** Distance inside the usable border on one axis, 1 … extent − 2; float32. */
function inside(at: number, extent: number): number {
  return Math.min(f(at - 1), f(extent - 2 - at));
}

/** Distances inside a view of the node with this index: x, y. */
function nodeInside(pair: NodePair, view: 0 | 1, node: number): [number, number] {
  const nodes = pair.nodes[view];
  const { widthPx, heightPx } = pair.views[view];
  const x = f(f(nodes[node * 2]!) / 65_536);
  const y = f(f(nodes[node * 2 + 1]!) / 65_536);
  return [inside(x, widthPx), inside(y, heightPx)];
}

/** Share of the target view between weights w0 and w1, sharpened about the middle; float32, 0 … 1. */
function fade(w0: number, w1: number, sharpness: number): number {
  const share = f(w1 / Math.max(f(w0 + w1), f(1e-6)));
  return Math.min(Math.max(f(f(f(share - 0.5) * sharpness) + 0.5), 0), 1);
}

function sharpnessOf(pair: NodePair, featherPx: number): number {
  let widest = 0;
  for (let node = 0; node < pair.grid.columns * pair.grid.rows; node += 1) {
    const d0 = Math.min(...nodeInside(pair, 0, node));
    const d1 = Math.min(...nodeInside(pair, 1, node));
    if (d0 > 0 && d1 > 0) widest = Math.max(widest, f(d0 + d1));
  }
  return Math.max(1, f(widest / f(featherPx)));
}

type Cover = 'none' | 'part' | 'whole';

function coverOf(pair: NodePair, view: 0 | 1, corners: readonly number[]): Cover {
  const nodes = pair.nodes[view];
  const { widthPx, heightPx } = pair.views[view];
  const xs = corners.map((node) => nodes[node * 2]! / 65_536);
  const ys = corners.map((node) => nodes[node * 2 + 1]! / 65_536);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  if (right <= 1 || bottom <= 1 || left >= widthPx - 2 || top >= heightPx - 2) return 'none';
  return left >= 2 && top >= 2 && right <= widthPx - 3 && bottom <= heightPx - 3 ? 'whole' : 'part';
}

function blendsOf(covers: readonly [Cover, Cover], weights: readonly number[]): [Blend, Blend] {
  const plain = (cover: Cover): Blend => (cover === 'whole' ? 'copy' : cover === 'part' ? 'edge' : 'none');
  if (covers[1] === 'whole' && covers[0] === 'part') return ['edge', 'edge'];
  if (covers[0] !== 'whole' || covers[1] !== 'whole') return [plain(covers[0]), plain(covers[1])];
  if (weights.every((weight) => weight === 0)) return ['copy', 'none'];
  if (weights.every((weight) => weight === FULL_NODE)) return ['none', 'copy'];
  return ['copy', 'weights'];
}

/** Twin of planCells, without its choice of a faster path. */
export function planReference(pair: NodePair, featherPx: number): Plan {
  const { columns, rows, cellColumns, cellRows } = pair.grid;
  const sharpness = sharpnessOf(pair, featherPx);
  const weights = new Int32Array(columns * rows);
  for (let node = 0; node < columns * rows; node += 1) {
    const [x0, y0] = nodeInside(pair, 0, node);
    const [x1, y1] = nodeInside(pair, 1, node);
    const w0 = f(Math.max(x0, 0) * Math.max(y0, 0));
    const w1 = f(Math.max(x1, 0) * Math.max(y1, 0));
    weights[node] = Math.trunc(f(f(fade(w0, w1, sharpness) * 32_767) + 0.5)) << 8;
  }
  const blends: [Blend[], Blend[]] = [[], []];
  for (let cell = 0; cell < cellColumns * cellRows; cell += 1) {
    const node = Math.floor(cell / cellColumns) * columns + (cell % cellColumns);
    const corners = [node, node + 1, node + columns, node + columns + 1];
    const covers: [Cover, Cover] = [coverOf(pair, 0, corners), coverOf(pair, 1, corners)];
    const [blend0, blend1] = blendsOf(
      covers,
      corners.map((corner) => weights[corner]!),
    );
    blends[0].push(blend0);
    blends[1].push(blend1);
  }
  return { sharpness, weights, blends };
}

/** Coordinate of luma pixel (x, y) of a cell, float32 as edge-alpha.ts computes it. */
function pixelAt(nodes: Int32Array, columns: number, node: number, axis: 0 | 1, x: number, y: number): number {
  const at = (index: number): number => f(f(nodes[index * 2 + axis]!) / 65_536);
  const t = f(y / 16);
  const between = (top: number, below: number): number => f(at(top) + f(f(at(below) - at(top)) * t));
  const left = between(node, node + columns);
  const right = between(node + 1, node + columns + 1);
  return f(left + f(f(f(right - left) / 16) * x));
}

/** Twin of edgeAlpha for one pixel of a cell: 0 … 255. */
export function edgeAlphaReference(
  pair: NodePair,
  view: 0 | 1,
  sharpness: number,
  node: number,
  x: number,
  y: number,
): number {
  const { columns } = pair.grid;
  const insideView = (which: 0 | 1): [number, number] => {
    const nodes = pair.nodes[which];
    const { widthPx, heightPx } = pair.views[which];
    return [
      inside(pixelAt(nodes, columns, node, 0, x, y), widthPx),
      inside(pixelAt(nodes, columns, node, 1, x, y), heightPx),
    ];
  };
  const [ownX, ownY] = insideView(view);
  const cover = Math.min(Math.max(Math.min(ownX, ownY), 0), 1);
  if (view === 0) return Math.trunc(f(f(cover * 255) + 0.5));
  const [x0, y0] = insideView(0);
  const w0 = f(Math.max(x0, 0) * Math.max(y0, 0));
  const w1 = f(Math.max(ownX, 0) * Math.max(ownY, 0));
  return Math.trunc(f(f(f(cover * fade(w0, w1, sharpness)) * 255) + 0.5));
}

/** Twin of advanceNodes. */
export function advanceReference(shown: Int32Array, to: Int32Array, share: number): void {
  for (let index = 0; index < shown.length; index += 1) {
    const from = shown[index]!;
    if (share >= 1) shown[index] = to[index]!;
    else shown[index] = from + Math.trunc(f(f(to[index]! - from) * f(share)));
  }
}
