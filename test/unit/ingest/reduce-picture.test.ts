import { describe, expect, it } from 'vitest';
import { i420Bytes, type Size } from '../../../src/contract/pixels.ts';
import { reducePicture } from '../../../src/ingest/reduce-picture.ts';

/** A picture whose planes rise from left to right and from top to bottom, in shares of their size. */
function slopes(size: Size): Uint8Array {
  const bytes = new Uint8Array(i420Bytes(size));
  let at = 0;
  for (const shift of [0, 1, 1]) {
    const [width, height] = [size.widthPx >> shift, size.heightPx >> shift];
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        bytes[at] = Math.round(16 + 100 * ((column + 0.5) / width) + 100 * ((row + 0.5) / height));
        at += 1;
      }
    }
  }
  return bytes;
}

describe('a picture that is scaled down', () => {
  it.each([
    [
      { widthPx: 640, heightPx: 360 },
      { widthPx: 320, heightPx: 180 },
    ],
    [
      { widthPx: 480, heightPx: 270 },
      { widthPx: 240, heightPx: 136 },
    ],
    [
      { widthPx: 1280, heightPx: 720 },
      { widthPx: 96, heightPx: 64 },
    ],
  ])('from %o to %o shows the same in each place, in all three planes', (from, to) => {
    const reduced = new Uint8Array(i420Bytes(to));
    reducePicture(slopes(from), from, reduced, to);

    const expected = slopes(to);
    const worst = reduced.reduce((most, value, at) => Math.max(most, Math.abs(value - expected[at]!)), 0);
    expect(worst).toBeLessThanOrEqual(2);
  });

  it('is the mean of two by two at one half', () => {
    const from = { widthPx: 4, heightPx: 4 };
    const source = Uint8Array.from({ length: 24 }, (_, at) => at * 10);
    const reduced = new Uint8Array(6);

    reducePicture(source, from, reduced, { widthPx: 2, heightPx: 2 });

    expect([...reduced]).toEqual([25, 45, 105, 125, 175, 215]);
  });
});
