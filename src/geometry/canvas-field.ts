import { LinearSystem } from './linear-system.ts';
import { boundsOf } from './mesh-sanity.ts';

/** Nodes of the coarse mesh over the panorama. */
const COLS = 13;
const ROWS = 10;
const NODES = COLS * ROWS;

/** Weights of second differences, first differences and size (models-default, section 3.7), all times 0.1. */
const BENDING = 0.3;
const SLOPE = 0.03;
const SIZE = 1e-6;

/**
 * One smooth field of corrections over the panorama, fitted to the corrections wanted at scattered points: the
 * control points of both views. Since each view takes the value of the same field where its control point lies,
 * smoothing cannot pull the views apart (models-default, section 12.3).
 */
export class CanvasField {
  readonly #left: number;
  readonly #top: number;
  readonly #stepX: number;
  readonly #stepY: number;
  readonly #values: Float64Array;

  /**
   * @param points interleaved, plane pixels; at least one
   * @param corrections wanted at the points, interleaved, pixels
   */
  constructor(points: Float64Array, corrections: Float64Array) {
    const bounds = boundsOf([points]);
    this.#left = bounds.left;
    this.#top = bounds.top;
    this.#stepX = Math.max(1e-9, (bounds.right - bounds.left) / (COLS - 1));
    this.#stepY = Math.max(1e-9, (bounds.bottom - bounds.top) / (ROWS - 1));
    const matrix = regulariser();
    const right = [new Float64Array(NODES), new Float64Array(NODES)] as const;
    for (let index = 0; index < points.length; index += 2) {
      const hats = this.#hats(points[index]!, points[index + 1]!);
      for (const [node, weight] of hats) {
        right[0][node]! += weight * corrections[index]!;
        right[1][node]! += weight * corrections[index + 1]!;
        for (const [other, otherWeight] of hats) matrix[node * NODES + other]! += weight * otherWeight;
      }
    }
    const system = new LinearSystem(matrix, NODES);
    const [x, y] = [system.solve(right[0]), system.solve(right[1])];
    this.#values = Float64Array.from({ length: NODES * 2 }, (_, at) => (at % 2 === 0 ? x : y)[at >> 1]!);
  }

  /** The four nodes around a point with their bilinear weights; a point outside counts for the nearest border. */
  #hats(x: number, y: number): readonly (readonly [node: number, weight: number])[] {
    const gx = Math.min(COLS - 1, Math.max(0, (x - this.#left) / this.#stepX));
    const gy = Math.min(ROWS - 1, Math.max(0, (y - this.#top) / this.#stepY));
    const col = Math.min(COLS - 2, Math.floor(gx));
    const row = Math.min(ROWS - 2, Math.floor(gy));
    const [fx, fy] = [gx - col, gy - row];
    const at = row * COLS + col;
    return [
      [at, (1 - fx) * (1 - fy)],
      [at + 1, fx * (1 - fy)],
      [at + COLS, (1 - fx) * fy],
      [at + COLS + 1, fx * fy],
    ];
  }

  /** The correction at a point of the plane, pixels. */
  at(x: number, y: number): [number, number] {
    let [dx, dy] = [0, 0];
    for (const [node, weight] of this.#hats(x, y)) {
      dx += weight * this.#values[node * 2]!;
      dy += weight * this.#values[node * 2 + 1]!;
    }
    return [dx, dy];
  }

  /** The points moved by the field. */
  move(points: Float64Array): Float64Array {
    const moved = new Float64Array(points.length);
    for (let index = 0; index < points.length; index += 2) {
      const [dx, dy] = this.at(points[index]!, points[index + 1]!);
      moved[index] = points[index]! + dx;
      moved[index + 1] = points[index + 1]! + dy;
    }
    return moved;
  }
}

function regulariser(): Float64Array {
  const matrix = new Float64Array(NODES * NODES);
  const add = (nodes: readonly number[], factors: readonly number[], weight: number): void => {
    for (const [i, a] of nodes.entries()) {
      for (const [j, b] of nodes.entries()) matrix[a * NODES + b]! += weight * factors[i]! * factors[j]!;
    }
  };
  for (let row = 0; row < ROWS; row += 1) {
    for (let col = 0; col < COLS; col += 1) {
      const at = row * COLS + col;
      add([at], [1], SIZE);
      for (const [step, left] of [
        [1, COLS - 1 - col],
        [COLS, ROWS - 1 - row],
      ] as const) {
        if (left >= 1) add([at, at + step], [-1, 1], SLOPE);
        if (left >= 2) add([at, at + step, at + 2 * step], [1, -2, 1], BENDING);
      }
    }
  }
  return matrix;
}
