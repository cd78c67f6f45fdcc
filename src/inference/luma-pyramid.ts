/** One grey picture. */
export interface Plane {
  readonly values: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** Brightness is taken relative to the mean and spread of a window of (2 · 4 + 1)² pixels, so that light may change. */
const WINDOW = 4;
/** Added to the variance, levels²: flat areas stay flat instead of showing their grain. */
const FLAT_VARIANCE = 9;

/** A picture and its halvings, finest first. */
export function pyramid(plane: Plane, levels: number): Plane[] {
  const planes = [plane];
  while (planes.length < levels) planes.push(halved(planes.at(-1)!));
  return planes;
}

function halved({ values, width, height }: Plane): Plane {
  const [w, h] = [width >> 1, height >> 1];
  const half = new Float32Array(w * h);
  for (let y = 0; y < h; y += 1) {
    let at = 2 * y * width;
    for (let x = 0; x < w; x += 1, at += 2) {
      half[y * w + x] = (values[at]! + values[at + 1]! + values[at + width]! + values[at + width + 1]!) / 4;
    }
  }
  return { values: half, width: w, height: h };
}

/** Weights of the neighbours one, two and three away in `softened`, beside 20 for the pixel itself; all together 64. */
const [NEAR, MIDDLE, FAR] = [15, 6, 1];

/**
 * Mean of each pixel and its neighbours up to three away, weights 1 6 15 20 15 6 1 each way: grain, and edges finer
 * than the pixels, would pull what lies between them to the nearest pixel. Halves the error of a measured motion.
 */
export function softened({ values, width, height }: Plane): Plane {
  const soft = new Float32Array(values.length);
  const row = new Float32Array(width + 6);
  for (let y = 0; y < height; y += 1) {
    const from = (distance: number): number => Math.min(height - 1, Math.max(0, y + distance)) * width;
    const [a, b, c, d, e, f, g] = [-3, -2, -1, 0, 1, 2, 3].map(from) as [
      number, number, number, number, number, number, number,
    ]; // prettier-ignore
    for (let x = 0; x < width; x += 1) {
      row[x + 3] =
        20 * values[d + x]! +
        NEAR * (values[c + x]! + values[e + x]!) +
        MIDDLE * (values[b + x]! + values[f + x]!) +
        FAR * (values[a + x]! + values[g + x]!);
    }
    row.fill(row[3]!, 0, 3);
    row.fill(row[width + 2]!, width + 3);
    for (let x = 0; x < width; x += 1) {
      const sum =
        20 * row[x + 3]! +
        NEAR * (row[x + 2]! + row[x + 4]!) +
        MIDDLE * (row[x + 1]! + row[x + 5]!) +
        FAR * (row[x]! + row[x + 6]!);
      soft[d + x] = sum / 4096;
    }
  }
  return { values: soft, width, height };
}

/** (value − mean) / spread over the window around each pixel; the window is cut at the border. */
export function normalised({ values, width, height }: Plane): Plane {
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  const normal = new Float32Array(values.length);
  const add = (row: number, sign: number): void => {
    for (let x = 0, at = row * width; x < width; x += 1, at += 1) {
      const value = values[at]!;
      sums[x]! += sign * value;
      squares[x]! += sign * value * value;
    }
  };
  for (let row = 0; row < Math.min(WINDOW, height); row += 1) add(row, 1);
  for (let y = 0; y < height; y += 1) {
    if (y + WINDOW < height) add(y + WINDOW, 1);
    if (y - WINDOW - 1 >= 0) add(y - WINDOW - 1, -1);
    const rows = Math.min(height, y + WINDOW + 1) - Math.max(0, y - WINDOW);
    let [sum, square] = [0, 0];
    for (let x = 0; x < Math.min(WINDOW, width); x += 1) {
      sum += sums[x]!;
      square += squares[x]!;
    }
    for (let x = 0; x < width; x += 1) {
      if (x + WINDOW < width) {
        sum += sums[x + WINDOW]!;
        square += squares[x + WINDOW]!;
      }
      if (x - WINDOW - 1 >= 0) {
        sum -= sums[x - WINDOW - 1]!;
        square -= squares[x - WINDOW - 1]!;
      }
      const area = rows * (Math.min(width, x + WINDOW + 1) - Math.max(0, x - WINDOW));
      const mean = sum / area;
      const variance = square / area - mean * mean;
      const at = y * width + x;
      normal[at] = (values[at]! - mean) / Math.sqrt(Math.max(0, variance) + FLAT_VARIANCE);
    }
  }
  return { values: normal, width, height };
}
