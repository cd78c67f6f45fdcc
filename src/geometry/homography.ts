import type { Size } from '../contract/pixels.ts';

/** Row-major 3×3 projective map. Names say where it leads: `targetFromReference` takes reference points to the target. */
export type Homography = Float64Array;

/** Four corners of a view in the order (0, 0), (w, 0), (0, h), (w, h), x and y interleaved: length 8. */
export type Corners = Float64Array;

/** Corners of a view in continuous pixels. */
export function viewCorners(size: Size): Corners {
  return Float64Array.from([0, 0, size.widthPx, 0, 0, size.heightPx, size.widthPx, size.heightPx]);
}

/** The product a · b: first b, then a. */
export function multiply(a: Homography, b: Homography): Homography {
  const product = new Float64Array(9);
  for (let row = 0; row < 3; row += 1) {
    for (let col = 0; col < 3; col += 1) {
      product[row * 3 + col] = a[row * 3]! * b[col]! + a[row * 3 + 1]! * b[3 + col]! + a[row * 3 + 2]! * b[6 + col]!;
    }
  }
  return product;
}

/** The inverse map, scaled so that its last entry is 1 where that is possible. @throws RangeError when there is none */
export function invert(h: Homography): Homography {
  const [a, b, c, d, e, f, g, i, j] = h as unknown as [
    number, number, number, number, number, number, number, number, number,
  ]; // prettier-ignore
  const inverse = Float64Array.from([
    e * j - f * i, c * i - b * j, b * f - c * e,
    f * g - d * j, a * j - c * g, c * d - a * f,
    d * i - e * g, b * g - a * i, a * e - b * d,
  ]); // prettier-ignore
  const determinant = a * inverse[0]! + b * inverse[3]! + c * inverse[6]!;
  if (!(Math.abs(determinant) > 1e-14)) throw new RangeError('the homography has no inverse');
  const scale = Math.abs(inverse[8]!) > 1e-12 * Math.abs(determinant) ? inverse[8]! : determinant;
  return inverse.map((value) => value / scale);
}

/** Projective weight of a point: its sign tells the side of the horizon. */
export function weightAt(h: Homography, x: number, y: number): number {
  return h[6]! * x + h[7]! * y + h[8]!;
}

/** Image of a point. Not finite, or mirrored through the horizon, where `weightAt` is not positive. */
export function apply(h: Homography, x: number, y: number): [number, number] {
  const w = weightAt(h, x, y);
  return [(h[0]! * x + h[1]! * y + h[2]!) / w, (h[3]! * x + h[4]! * y + h[5]!) / w];
}

/** Images of interleaved points. */
export function applyAll(h: Homography, points: Float64Array): Float64Array {
  const images = new Float64Array(points.length);
  for (let at = 0; at < points.length; at += 2) images.set(apply(h, points[at]!, points[at + 1]!), at);
  return images;
}

/** x → sx · x + tx, y → sy · y + ty. */
export function scaleShift(sx: number, sy: number, tx: number, ty: number): Homography {
  return Float64Array.from([sx, 0, tx, 0, sy, ty, 0, 0, 1]);
}

/** Moves nothing. Shared: not to be written to. */
export const IDENTITY: Homography = scaleShift(1, 1, 0, 0);

/** Unit square to quadrilateral, closed form (models-stabstitch2, section 3.3). */
function fromUnitSquare(q: Corners): Homography {
  const [x0, y0, x1, y1, x2, y2, x3, y3] = q as unknown as [
    number, number, number, number, number, number, number, number,
  ]; // prettier-ignore
  const [dx1, dy1, dx2, dy2] = [x1 - x3, y1 - y3, x2 - x3, y2 - y3];
  const [sx, sy] = [x0 - x1 - x2 + x3, y0 - y1 - y2 + y3];
  const den = dx1 * dy2 - dx2 * dy1;
  if (!(Math.abs(den) > 1e-9)) throw new RangeError('three corners lie on one line');
  const g = (sx * dy2 - dx2 * sy) / den;
  const h = (dx1 * sy - sx * dy1) / den;
  return Float64Array.from([x1 - x0 + g * x1, x2 - x0 + h * x2, x0, y1 - y0 + g * y1, y2 - y0 + h * y2, y0, g, h, 1]);
}

/**
 * Direct linear transform from four point pairs, exact (a quadrilateral is reached through the unit square).
 * @throws RangeError when three points of one side lie on one line
 */
export function homographyFromCorners(from: Corners, to: Corners): Homography {
  const h = multiply(fromUnitSquare(to), invert(fromUnitSquare(from)));
  return h.map((value) => value / h[8]!);
}

/** How far the corners of a view move under `h`, x and y interleaved, pixels. */
export function cornerOffsets(h: Homography, size: Size): Float64Array {
  const corners = viewCorners(size);
  const offsets = new Float64Array(8);
  for (let index = 0; index < 8; index += 2) {
    const [x, y] = apply(h, corners[index]!, corners[index + 1]!);
    offsets[index] = x - corners[index]!;
    offsets[index + 1] = y - corners[index + 1]!;
  }
  return offsets;
}

/** True when every corner of the view lies on the near side of the horizon of `h`. */
export function isInFront(h: Homography, size: Size): boolean {
  const corners = viewCorners(size);
  const sign = Math.sign(weightAt(h, size.widthPx / 2, size.heightPx / 2));
  for (let index = 0; index < 8; index += 2) {
    if (!(weightAt(h, corners[index]!, corners[index + 1]!) * sign > 1e-6)) return false;
  }
  return sign !== 0;
}

/**
 * Normalised frame of the default networks from continuous pixels of a view: the view is squeezed to
 * `network`, then X = (x − w/2) / (w/2), Y = (y − h/2) / (w/2), isotropic (models-default, section 2).
 */
export function normalisedFromView(view: Size, network: Size): Homography {
  const half = network.widthPx / 2;
  return scaleShift(
    network.widthPx / view.widthPx / half,
    network.heightPx / view.heightPx / half,
    -1,
    -network.heightPx / 2 / half,
  );
}

/** A homography between normalised frames as one between continuous pixels of two views. */
export function pixelHomography(normalised: Homography, from: Size, to: Size, network: Size): Homography {
  const h = multiply(invert(normalisedFromView(to, network)), multiply(normalised, normalisedFromView(from, network)));
  return h.map((value) => value / h[8]!);
}
