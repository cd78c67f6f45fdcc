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

/** Mean of each pixel and its neighbours, weights 1 2 1 each way: grain and edges finer than a pixel move no camera. */
export function softened({ values, width, height }: Plane): Plane {
  const soft = new Float32Array(values.length);
  const row = new Float32Array(width);
  for (let y = 0; y < height; y += 1) {
    const at = y * width;
    const above = y === 0 ? at : at - width;
    const below = y === height - 1 ? at : at + width;
    for (let x = 0; x < width; x += 1) row[x] = values[above + x]! + 2 * values[at + x]! + values[below + x]!;
    soft[at] = (3 * row[0]! + row[1]!) / 16;
    for (let x = 1; x < width - 1; x += 1) soft[at + x] = (row[x - 1]! + 2 * row[x]! + row[x + 1]!) / 16;
    soft[at + width - 1] = (row[width - 2]! + 3 * row[width - 1]!) / 16;
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
