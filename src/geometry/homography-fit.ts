import { multiply, invert, scaleShift, type Homography } from './homography.ts';
import { LinearSystem } from './linear-system.ts';

/** Keeps the system solvable when points lie so that some unknowns hardly matter. */
const DAMPING = 1e-9;

/**
 * The homography that takes one set of points nearest to another, least squares of the linear equations
 * u (g x + h y + 1) = a x + b y + c: exact for exact points, and close to geometric where the weight is near 1.
 * @param from, to interleaved points, at least four of which no three lie on one line
 */
export function fitHomography(from: Float64Array, to: Float64Array): Homography {
  const [normaliseFrom, normaliseTo] = [normaliser(from), normaliser(to)];
  const normal = new Float64Array(64);
  const right = new Float64Array(8);
  const add = (row: readonly number[], value: number): void => {
    for (let i = 0; i < 8; i += 1) {
      if (row[i] === 0) continue;
      right[i]! += row[i]! * value;
      for (let j = 0; j < 8; j += 1) normal[i * 8 + j]! += row[i]! * row[j]!;
    }
  };
  for (let at = 0; at < from.length; at += 2) {
    const x = normaliseFrom[0]! * from[at]! + normaliseFrom[2]!;
    const y = normaliseFrom[4]! * from[at + 1]! + normaliseFrom[5]!;
    const u = normaliseTo[0]! * to[at]! + normaliseTo[2]!;
    const v = normaliseTo[4]! * to[at + 1]! + normaliseTo[5]!;
    add([x, y, 1, 0, 0, 0, -x * u, -y * u], u);
    add([0, 0, 0, x, y, 1, -x * v, -y * v], v);
  }
  for (let i = 0; i < 8; i += 1) normal[i * 9]! += DAMPING * from.length;
  const solution = new LinearSystem(normal, 8).solve(right);
  const fitted = multiply(invert(normaliseTo), multiply(Float64Array.from([...solution, 1]), normaliseFrom));
  return fitted.map((value) => value / fitted[8]!);
}

/** Brings points to mean 0 and mean distance about 1. */
function normaliser(points: Float64Array): Homography {
  const count = points.length / 2;
  let [x, y, size] = [0, 0, 0];
  for (let at = 0; at < points.length; at += 2) {
    x += points[at]! / count;
    y += points[at + 1]! / count;
  }
  for (let at = 0; at < points.length; at += 2) size += Math.hypot(points[at]! - x, points[at + 1]! - y) / count;
  const scale = 1 / Math.max(size, 1e-9);
  return scaleShift(scale, scale, -x * scale, -y * scale);
}
