import type { Size } from '../contract/pixels.ts';

/**
 * Scales an I420 picture down to about half its size or less: each sample is the mean of two by two. Good enough for a
 * machine that has to save time, and exact at one half.
 * @param target I420 of `to`
 */
export function reducePicture(source: Uint8Array, from: Size, target: Uint8Array, to: Size): void {
  let fromAt = 0;
  let toAt = 0;
  for (const shift of [0, 1, 1]) {
    const [width, height] = [from.widthPx >> shift, from.heightPx >> shift];
    const [newWidth, newHeight] = [to.widthPx >> shift, to.heightPx >> shift];
    const columns = Int32Array.from({ length: newWidth }, (_, at) => firstOfTwo(at, width, newWidth));
    for (let row = 0; row < newHeight; row += 1) {
      const upper = fromAt + firstOfTwo(row, height, newHeight) * width;
      for (let column = 0; column < newWidth; column += 1) {
        const left = upper + columns[column]!;
        const sum = source[left]! + source[left + 1]! + source[left + width]! + source[left + width + 1]!;
        target[toAt + row * newWidth + column] = (sum + 2) >> 2;
      }
    }
    fromAt += width * height;
    toAt += newWidth * newHeight;
  }
}

/** The first of the two samples around the middle of place `at`. */
function firstOfTwo(at: number, length: number, newLength: number): number {
  const middle = ((at + 0.5) * length) / newLength;
  return Math.max(0, Math.min(length - 2, Math.round(middle) - 1));
}
