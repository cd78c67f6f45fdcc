import type { Size } from '../../src/contract/pixels.ts';
import { CHARACTERS, glyph, GLYPH_HEIGHT, GLYPH_WIDTH } from '../../src/pipeline/bitmap-font.ts';
import { noticePlace } from '../../src/pipeline/notice.ts';

/** Reads a notice of `length` characters out of a picture, dot by dot; `?` for what is no character. */
export function readNotice(luma: Uint8Array, size: Size, length: number): string {
  const place = noticePlace(' '.repeat(length), size);
  if (place === undefined) return '';
  const { left, top, dotPx } = place;
  const isLight = (column: number, row: number): boolean => {
    const x = left + Math.floor((column + 0.5) * dotPx);
    const y = top + Math.floor((row + 0.5) * dotPx);
    return (luma[y * size.widthPx + x] ?? 0) > 126;
  };
  return Array.from({ length }, (_, index) => {
    const dots = Array.from({ length: GLYPH_WIDTH * GLYPH_HEIGHT }, (_unused, dot) =>
      isLight(2 + index * (GLYPH_WIDTH + 1) + (dot % GLYPH_WIDTH), 2 + Math.floor(dot / GLYPH_WIDTH)),
    );
    return CHARACTERS.find((character) => glyph(character).every((isSet, dot) => isSet === dots[dot])) ?? '?';
  }).join('');
}
