import type { Size } from '../contract/pixels.ts';

const f = Math.fround;

/** Share of the source cell at … at + 1 inside the interval, float32. */
function overlap(at: number, from: number, to: number): number {
  return f(Math.max(0, Math.min(at + 1, to) - Math.max(at, from)));
}

/** Twin of luma-scale.ts: area average of a Y plane, float32 with the kernel's order of additions. */
export function scaleLumaReference(luma: Uint8Array, source: Size, target: Size): Float32Array {
  const { widthPx: width, heightPx: height } = source;
  const result = new Float32Array(target.widthPx * target.heightPx);
  const ratioX = width / target.widthPx;
  const ratioY = height / target.heightPx;
  const taps = (Math.ceil(ratioX) + 1 + 3) & ~3;
  const row = new Float32Array(width + taps);
  for (let y = 0; y < target.heightPx; y += 1) {
    const [top, bottom] = [y * ratioY, (y + 1) * ratioY];
    row.fill(0);
    for (let at = Math.trunc(top); at < height && at < bottom; at += 1) {
      const weight = f(overlap(at, top, bottom) * f(1 / (bottom - top)));
      for (let x = 0; x < width; x += 1) row[x] = f(row[x]! + f(luma[at * width + x]! * weight));
    }
    for (let x = 0; x < target.widthPx; x += 1) {
      const [left, right] = [x * ratioX, (x + 1) * ratioX];
      const first = Math.trunc(left);
      const sums = [0, 0, 0, 0];
      for (let tap = 0; tap < taps; tap += 1) {
        const weight = f(overlap(first + tap, left, right) * f(1 / ratioX));
        const value = f(row[first + tap]! * weight);
        sums[tap % 4] = tap < 4 ? value : f(sums[tap % 4]! + value);
      }
      result[y * target.widthPx + x] = f(f(sums[0]! + sums[1]!) + f(sums[2]! + sums[3]!));
    }
  }
  return result;
}

/** Twin of blockSums. */
export function blockSumsReference(luma: Uint8Array, { widthPx, heightPx }: Size): Uint16Array {
  const columns = widthPx >> 4;
  const sums = new Uint16Array(columns * (heightPx >> 4));
  for (let index = 0; index < sums.length; index += 1) {
    const start = Math.floor(index / columns) * 16 * widthPx + (index % columns) * 16;
    let sum = 0;
    for (let pixel = 0; pixel < 256; pixel += 1) sum += luma[start + (pixel >> 4) * widthPx + (pixel & 15)]!;
    sums[index] = sum;
  }
  return sums;
}
