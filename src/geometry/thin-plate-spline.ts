import type { Size } from '../contract/pixels.ts';
import type { Mesh } from '../contract/warp-state.ts';
import { LinearSystem } from './linear-system.ts';

/** Added to the squared distance inside the logarithm, as in StabStitch++. */
const KERNEL_EPSILON = 1e-6;

/** U(r²) = r² · ln(r² + 1e-6), natural logarithm; r² is a squared distance in normalised units. */
function kernel(squaredDistance: number): number {
  return squaredDistance * Math.log(squaredDistance + KERNEL_EPSILON);
}

/**
 * A smooth map of the plane that takes every control point to its target exactly:
 * f(q) = affine · (1, q) + Σ weights_i · U(|q − centre_i|²), with q and the centres normalised over the plane of the
 * control points to −1 … 1 on both axes (models-stabstitch2, section 5), and results in pixels of the target plane.
 */
export interface ThinPlateSpline {
  /** Plane the control points lie on; n(x, y) = (2x / width − 1, 2y / height − 1). */
  readonly plane: Size;
  /** Normalised control points, x and y interleaved. */
  readonly centres: Float64Array;
  /** Kernel weights, x and y interleaved, target pixels. */
  readonly weights: Float64Array;
  /** Constant, x and y coefficient of the result's x, then of its y: length 6. */
  readonly affine: Float64Array;
  /** The image of one point, both in continuous pixels. */
  map(x: number, y: number): [number, number];
  /** The images of interleaved points. */
  mapAll(points: Float64Array): Float64Array;
}

class Spline implements ThinPlateSpline {
  readonly plane: Size;
  readonly centres: Float64Array;
  readonly weights: Float64Array;
  readonly affine: Float64Array;

  constructor(plane: Size, centres: Float64Array, weights: Float64Array, affine: Float64Array) {
    this.plane = plane;
    this.centres = centres;
    this.weights = weights;
    this.affine = affine;
  }

  map(x: number, y: number): [number, number] {
    const { centres, weights, affine } = this;
    const qx = (2 * x) / this.plane.widthPx - 1;
    const qy = (2 * y) / this.plane.heightPx - 1;
    let u = affine[0]! + affine[1]! * qx + affine[2]! * qy;
    let v = affine[3]! + affine[4]! * qx + affine[5]! * qy;
    for (let index = 0; index < centres.length; index += 2) {
      const dx = qx - centres[index]!;
      const dy = qy - centres[index + 1]!;
      const value = kernel(dx * dx + dy * dy);
      u += weights[index]! * value;
      v += weights[index + 1]! * value;
    }
    return [u, v];
  }

  mapAll(points: Float64Array): Float64Array {
    const result = new Float64Array(points.length);
    for (let index = 0; index < points.length; index += 2) {
      const [x, y] = this.map(points[index]!, points[index + 1]!);
      result[index] = x;
      result[index + 1] = y;
    }
    return result;
  }
}

/** Splines of one set of control points: the system is factored once, each fit is a substitution. */
export class ThinPlateSplineFitter {
  readonly #plane: Size;
  readonly #centres: Float64Array;
  readonly #system: LinearSystem;

  /**
   * @param from control points in continuous pixels of `plane`, at least three that are not on one line
   * @param plane the size that normalises them; its proportions shape the kernel
   * @throws RangeError when two control points fall together or all lie on one line
   */
  constructor(from: Mesh, plane: Size) {
    this.#plane = plane;
    this.#centres = from.map((value, index) => (2 * value) / (index % 2 === 0 ? plane.widthPx : plane.heightPx) - 1);
    this.#system = factor(this.#centres);
  }

  /** @param to one target for each control point, in pixels of any other plane */
  fit(to: Mesh): ThinPlateSpline {
    const count = this.#centres.length / 2;
    if (to.length !== count * 2) throw new RangeError(`${to.length / 2} targets for ${count} control points`);
    const weights = new Float64Array(count * 2);
    const affine = new Float64Array(6);
    const right = new Float64Array(count + 3);
    for (const axis of [0, 1]) {
      for (let index = 0; index < count; index += 1) right[index] = to[index * 2 + axis]!;
      const solution = this.#system.solve(right);
      affine.set(solution.subarray(0, 3), axis * 3);
      for (let index = 0; index < count; index += 1) weights[index * 2 + axis] = solution[index + 3]!;
    }
    return new Spline(this.#plane, this.#centres, weights, affine);
  }
}

/** Rows: one equation (1, x, y, U(|c − c_i|²) …) for each control point, then the three side conditions Pᵀ w = 0. */
function factor(centres: Float64Array): LinearSystem {
  const count = centres.length / 2;
  const size = count + 3;
  const matrix = new Float64Array(size * size);
  for (let row = 0; row < count; row += 1) {
    const x = centres[row * 2]!;
    const y = centres[row * 2 + 1]!;
    matrix.set([1, x, y], row * size);
    for (const [condition, value] of [1, x, y].entries()) matrix[(count + condition) * size + row + 3] = value;
    for (let other = 0; other < count; other += 1) {
      const dx = x - centres[other * 2]!;
      const dy = y - centres[other * 2 + 1]!;
      matrix[row * size + other + 3] = kernel(dx * dx + dy * dy);
    }
  }
  return new LinearSystem(matrix, size);
}

/**
 * The spline that takes every point of `from` to the point of `to` with the same index. For a picture's
 * canvas → source map `from` is the mesh on the canvas, `plane` the canvas and `to` the rigid mesh over the view.
 * @throws RangeError when two control points fall together or all lie on one line
 */
export function fitThinPlateSpline(from: Mesh, to: Mesh, plane: Size): ThinPlateSpline {
  return new ThinPlateSplineFitter(from, plane).fit(to);
}
