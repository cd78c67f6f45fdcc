import type { Size } from '../contract/pixels.ts';
import { glyph, GLYPH_HEIGHT, GLYPH_WIDTH } from './bitmap-font.ts';

/** One free column between characters, and free dots around the text. */
const CELL = GLYPH_WIDTH + 1;
const BORDER = 2;
/** Share of the picture's width that a notice may take, as long as its dots stay at least one pixel wide. */
const WIDTH_SHARE = 0.6;
/** Dots are at most this part of the picture's height. */
const DOTS_IN_HEIGHT = 150;
/** Free room below, share of the picture's height. */
const BOTTOM_SHARE = 0.08;
const TEXT_LUMA = 235;
const BOX_LUMA = 16;
const NEUTRAL_CHROMA = 128;

/** Where a notice lies in the picture, pixels; all even. */
export interface NoticePlace {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Side of one dot. */
  readonly dotPx: number;
}

/** Place of a text in a picture: centred, near the lower edge. Undefined when it does not fit. */
export function noticePlace(text: string, { widthPx, heightPx }: Size): NoticePlace | undefined {
  const columns = text.length * CELL - 1 + 2 * BORDER;
  const rows = GLYPH_HEIGHT + 2 * BORDER;
  const dotPx = Math.max(1, Math.floor(Math.min((widthPx * WIDTH_SHARE) / columns, heightPx / DOTS_IN_HEIGHT)));
  const even = (value: number): number => 2 * Math.ceil(value / 2);
  const [width, height] = [even(columns * dotPx), even(rows * dotPx)];
  if (width > widthPx || height > heightPx) return undefined;
  const left = 2 * Math.floor((widthPx - width) / 4);
  const top = Math.max(0, 2 * Math.floor((heightPx * (1 - BOTTOM_SHARE) - height) / 2));
  return { left, top, width, height, dotPx };
}

/**
 * Writes a text into a picture, light on a dark box.
 * @param bytes I420 of `size`
 * @param text capitals, digits, spaces and `:`, `-`, `.`
 */
export function drawNotice(bytes: Uint8Array, size: Size, text: string): void {
  const place = noticePlace(text, size);
  if (place === undefined) return;
  const { left, top, width, height, dotPx } = place;
  fill(bytes, size.widthPx, { left, top, width, height }, BOX_LUMA);
  const luma = size.widthPx * size.heightPx;
  const half = { left: left / 2, top: top / 2, width: width / 2, height: height / 2 };
  for (const plane of [luma, luma + luma / 4]) {
    fill(bytes.subarray(plane, plane + luma / 4), size.widthPx / 2, half, NEUTRAL_CHROMA);
  }
  text.split('').forEach((character, index) => {
    glyph(character).forEach((isSet, dot) => {
      if (!isSet) return;
      const column = BORDER + index * CELL + (dot % GLYPH_WIDTH);
      const row = BORDER + Math.floor(dot / GLYPH_WIDTH);
      const area = { left: left + column * dotPx, top: top + row * dotPx, width: dotPx, height: dotPx };
      fill(bytes, size.widthPx, area, TEXT_LUMA);
    });
  });
}

type Area = Pick<NoticePlace, 'left' | 'top' | 'width' | 'height'>;

function fill(plane: Uint8Array, stride: number, { left, top, width, height }: Area, value: number): void {
  for (let row = top; row < top + height; row += 1) plane.fill(value, row * stride + left, row * stride + left + width);
}

/** What is written when no camera gives a picture. @param sinceMs wall clock, ms since 1970 */
export function noPictureText(sinceMs: number): string {
  const [day = '', time = ''] = new Date(sinceMs).toISOString().split('T');
  return `NO CAMERA PICTURE SINCE ${day} ${time.slice(0, 8)} UTC`;
}
