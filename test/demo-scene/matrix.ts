/** A 3 × 3 matrix, row-major. */
export type Matrix3 = [number, number, number, number, number, number, number, number, number];

/** A point or vector of three numbers. */
export type Vector3 = [number, number, number];

/** The product a · b. */
export function multiply(a: Matrix3, b: Matrix3): Matrix3 {
  const cell = (r: number, c: number): number =>
    a[r * 3]! * b[c]! + a[r * 3 + 1]! * b[c + 3]! + a[r * 3 + 2]! * b[c + 6]!;
  return [cell(0, 0), cell(0, 1), cell(0, 2), cell(1, 0), cell(1, 1), cell(1, 2), cell(2, 0), cell(2, 1), cell(2, 2)];
}

/** The transpose of `m`: for a rotation, its inverse. */
export function transpose(m: Matrix3): Matrix3 {
  return [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]];
}

/** The inverse of `m`, by its adjugate; `m` must not be singular. */
export function invert(m: Matrix3): Matrix3 {
  const [a, b, c, d, e, f, g, h, i] = m;
  const s = 1 / (a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g));
  return [
    (e * i - f * h) * s,
    (c * h - b * i) * s,
    (b * f - c * e) * s,
    (f * g - d * i) * s,
    (a * i - c * g) * s,
    (c * d - a * f) * s,
    (d * h - e * g) * s,
    (b * g - a * h) * s,
    (a * e - b * d) * s,
  ];
}

/** m · v. */
export function apply(m: Matrix3, v: Vector3): Vector3 {
  return [
    m[0] * v[0] + m[1] * v[1] + m[2] * v[2],
    m[3] * v[0] + m[4] * v[1] + m[5] * v[2],
    m[6] * v[0] + m[7] * v[1] + m[8] * v[2],
  ];
}

/** The image of the point (x, y) under the homography `m`. */
export function project(m: Matrix3, x: number, y: number): [number, number] {
  const [u, v, w] = apply(m, [x, y, 1]);
  return [u / w, v / w];
}

/**
 * The rotation of a camera turned by `yaw` (to the left), `pitch` (up) and `roll` (anticlockwise as seen from behind),
 * in radians, in this order: its columns are the camera's right, up and backward axes in world coordinates.
 */
export function orientation(yaw: number, pitch: number, roll: number): Matrix3 {
  const [cy, sy] = [Math.cos(yaw), Math.sin(yaw)];
  const [cp, sp] = [Math.cos(pitch), Math.sin(pitch)];
  const [cr, sr] = [Math.cos(roll), Math.sin(roll)];
  const turned: Matrix3 = [cy, 0, sy, 0, 1, 0, -sy, 0, cy];
  const raised: Matrix3 = [1, 0, 0, 0, cp, -sp, 0, sp, cp];
  const rolled: Matrix3 = [cr, -sr, 0, sr, cr, 0, 0, 0, 1];
  return multiply(multiply(turned, raised), rolled);
}
