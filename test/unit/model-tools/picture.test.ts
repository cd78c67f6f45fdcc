import { describe, expect, it } from 'vitest';
import { parsePpm, toPlanes } from '../../../src/model-tools/picture.ts';

const ppm = (head: string, ...pixels: number[]): Buffer => Buffer.concat([Buffer.from(head), Buffer.from(pixels)]);

describe('parsePpm', () => {
  it('reads size and pixels, also when the first pixels look like white space', () => {
    expect(parsePpm(ppm('P6\n2 1\n255\n', 10, 32, 9, 4, 5, 6), 'x')).toEqual({
      widthPx: 2,
      heightPx: 1,
      rgb: Buffer.from([10, 32, 9, 4, 5, 6]),
    });
  });

  it.each([ppm('P6\n2 1\n65535\n', 1), ppm('P6\n2 1\n255\n', 1, 2, 3), Buffer.alloc(0)])(
    'refuses anything else',
    (bytes) => {
      expect(() => parsePpm(bytes, 'x.png')).toThrow(/x\.png/);
    },
  );
});

describe('toPlanes', () => {
  it('orders the planes as the network takes them, normalised', () => {
    const picture = { widthPx: 2, heightPx: 1, rgb: Uint8Array.of(255, 0, 51, 0, 127, 204) };

    const planes = toPlanes(picture, { pixels: 'bgr', mean: 127.5, scale: 127.5 });

    [-0.6, 0.6, -1, -0.00392, 1, -1].forEach((value, at) => expect(planes[at]).toBeCloseTo(value, 4));
  });
});
