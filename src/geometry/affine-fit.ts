import { LinearSystem } from './linear-system.ts';

/** x → a x + b y + c, y → d x + e y + f: [a, b, c, d, e, f]. */
export type Affine = Float64Array;

/**
 * The affine map that takes one set of points nearest to another in the sense of least squares.
 * @param from, to interleaved points, at least three that are not on one line
 */
export function fitAffine(from: Float64Array, to: Float64Array): Affine {
  const count = from.length / 2;
  let [cx, cy] = [0, 0];
  for (let at = 0; at < from.length; at += 2) {
    cx += from[at]! / count;
    cy += from[at + 1]! / count;
  }
  const normal = new Float64Array(9);
  const right = [new Float64Array(3), new Float64Array(3)] as const;
  for (let at = 0; at < from.length; at += 2) {
    // Centred, so that the system stays well conditioned wherever the points lie.
    const row = [from[at]! - cx, from[at + 1]! - cy, 1] as const;
    for (let i = 0; i < 3; i += 1) {
      for (let j = 0; j < 3; j += 1) normal[i * 3 + j]! += row[i]! * row[j]!;
      right[0][i]! += row[i]! * to[at]!;
      right[1][i]! += row[i]! * to[at + 1]!;
    }
  }
  const system = new LinearSystem(normal, 3);
  const x = system.solve(right[0]);
  const y = system.solve(right[1]);
  return Float64Array.from([
    x[0]!, x[1]!, x[2]! - x[0]! * cx - x[1]! * cy,
    y[0]!, y[1]!, y[2]! - y[0]! * cx - y[1]! * cy,
  ]); // prettier-ignore
}

/** The images of interleaved points. */
export function applyAffine(affine: Affine, points: Float64Array): Float64Array {
  const moved = new Float64Array(points.length);
  for (let at = 0; at < points.length; at += 2) {
    const [x, y] = [points[at]!, points[at + 1]!];
    moved[at] = affine[0]! * x + affine[1]! * y + affine[2]!;
    moved[at + 1] = affine[3]! * x + affine[4]! * y + affine[5]!;
  }
  return moved;
}
