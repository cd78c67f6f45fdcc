import { describe, expect, it } from 'vitest';
import { CHARACTERS, glyph, GLYPH_HEIGHT, GLYPH_WIDTH } from '../../../src/pipeline/bitmap-font.ts';
import { drawNotice, noPictureText, noticePlace } from '../../../src/pipeline/notice.ts';
import { readNotice } from '../../helpers/read-notice.ts';

const sinceMs = Date.UTC(2026, 10, 26, 14, 3, 22);

function picture(widthPx: number, heightPx: number): Uint8Array {
  return new Uint8Array((widthPx * heightPx * 3) / 2).fill(90);
}

describe('a notice in the picture', () => {
  it('has characters of one size that all differ', () => {
    const drawn = CHARACTERS.map((character) => glyph(character).map(Number).join(''));

    expect(new Set(drawn).size).toBe(CHARACTERS.length);
    for (const dots of drawn) expect(dots).toHaveLength(GLYPH_WIDTH * GLYPH_HEIGHT);
  });

  it.each([
    [320, 240],
    [1600, 720],
    [2560, 720],
    [720, 1440],
  ])('can be read on a panorama of %s × %s', (widthPx, heightPx) => {
    const bytes = picture(widthPx, heightPx);
    const text = noPictureText(sinceMs);

    drawNotice(bytes, { widthPx, heightPx }, text);

    expect(text).toBe('NO CAMERA PICTURE SINCE 2026-11-26 14:03:22 UTC');
    expect(readNotice(bytes, { widthPx, heightPx }, text.length)).toBe(text);
  });

  it('changes nothing outside its box', () => {
    const size = { widthPx: 1600, heightPx: 720 };
    const bytes = picture(1600, 720);
    const place = noticePlace('A', size)!;

    drawNotice(bytes, size, 'A');

    const changed = [...bytes.subarray(0, 1600 * 720).entries()].filter(([, value]) => value !== 90);
    const inside = changed.filter(([at]) => {
      const [x, y] = [at % 1600, Math.floor(at / 1600)];
      return x >= place.left && x < place.left + place.width && y >= place.top && y < place.top + place.height;
    });
    expect(changed).toHaveLength(place.width * place.height);
    expect(inside).toHaveLength(changed.length);
  });

  it('is left out where it does not fit', () => {
    const bytes = picture(64, 32);

    drawNotice(bytes, { widthPx: 64, heightPx: 32 }, noPictureText(sinceMs));

    expect(bytes.every((value) => value === 90)).toBe(true);
  });
});
