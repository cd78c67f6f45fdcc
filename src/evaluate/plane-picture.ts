import type { Picture } from '../model-tools/picture.ts';

/** Width of the plane in which pictures are compared, pixels (docs/quality.md, step 1). */
export const PLANE_WIDTH_PX = 480;

/** Source indices and shares that make up one pixel along one axis. */
interface Taps {
  readonly first: number;
  readonly shares: readonly number[];
}

/** The picture at 480 px width and height in proportion, resized as OpenCV's INTER_AREA does. */
export function toPlane(picture: Picture): Picture {
  const heightPx = Math.round((picture.heightPx * PLANE_WIDTH_PX) / picture.widthPx);
  const across = axisTaps(picture.widthPx, PLANE_WIDTH_PX);
  const down = axisTaps(picture.heightPx, heightPx);
  const narrow = new Float32Array(PLANE_WIDTH_PX * picture.heightPx * 3);
  const { rgb: source } = picture;
  for (let y = 0; y < picture.heightPx; y += 1) {
    for (let x = 0; x < PLANE_WIDTH_PX; x += 1) {
      const { first, shares } = across[x]!;
      const to = (y * PLANE_WIDTH_PX + x) * 3;
      let [red, green, blue] = [0, 0, 0];
      for (let tap = 0; tap < shares.length; tap += 1) {
        const from = (y * picture.widthPx + first + tap) * 3;
        const share = shares[tap]!;
        red += share * source[from]!;
        green += share * source[from + 1]!;
        blue += share * source[from + 2]!;
      }
      narrow[to] = red;
      narrow[to + 1] = green;
      narrow[to + 2] = blue;
    }
  }
  const stride = PLANE_WIDTH_PX * 3;
  const rgb = new Uint8Array(heightPx * stride);
  for (let y = 0; y < heightPx; y += 1) {
    const { first, shares } = down[y]!;
    for (let at = 0; at < stride; at += 1) {
      let value = 0;
      for (let tap = 0; tap < shares.length; tap += 1) value += shares[tap]! * narrow[(first + tap) * stride + at]!;
      rgb[y * stride + at] = Math.round(value);
    }
  }
  return { widthPx: PLANE_WIDTH_PX, heightPx, rgb };
}

/** One axis: areas when it shrinks, OpenCV's two taps when it grows. */
function axisTaps(from: number, to: number): Taps[] {
  const scale = from / to;
  return Array.from({ length: to }, (_none, index) => {
    if (scale < 1) return growingTaps(index, from, scale);
    const [begin, end] = [index * scale, Math.min(from, (index + 1) * scale)];
    const [first, last] = [Math.floor(begin + 1e-9), Math.ceil(end - 1e-9)];
    const shares = Array.from(
      { length: last - first },
      (_same, tap) => (Math.min(end, first + tap + 1) - Math.max(begin, first + tap)) / (end - begin),
    );
    return { first, shares };
  });
}

function growingTaps(index: number, from: number, scale: number): Taps {
  const first = Math.min(from - 1, Math.floor(index * scale));
  const ahead = index + 1 - (first + 1) / scale;
  const share = ahead <= 0 || first + 1 >= from ? 0 : ahead - Math.floor(ahead);
  return { first, shares: share === 0 ? [1] : [1 - share, share] };
}

/** Grey values 0 … 255 of a picture (BT.601 weights, rounded, as OpenCV's cvtColor). */
export function greyOf({ rgb }: Picture): Uint8Array {
  const grey = new Uint8Array(rgb.length / 3);
  for (let pixel = 0; pixel < grey.length; pixel += 1) {
    grey[pixel] = Math.round(0.299 * rgb[pixel * 3]! + 0.587 * rgb[pixel * 3 + 1]! + 0.114 * rgb[pixel * 3 + 2]!);
  }
  return grey;
}
