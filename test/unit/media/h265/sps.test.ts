import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseH265Sps } from '../../../../src/media/h265/sps.ts';

/** Parameter sets that libx265 wrote for the size in the name. */
const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

describe('parseH265Sps', () => {
  it.each([
    [
      '42010101600000030090000003000003005da00280802d16592a4932bc05a02000000300200000030321',
      { widthPx: 1280, heightPx: 720, reorderFrames: 0 },
    ],
    [
      '420101016000000300900000030000030078a003c08010e596565924caf0168080000003008000000c84',
      { widthPx: 1920, heightPx: 1080, reorderFrames: 2 },
    ],
  ])('reads size and reordering of %s', (hex, expected) => {
    expect(parseH265Sps(fromHex(hex))).toMatchObject({ ...expected, bitDepth: 8, isProgressive: true });
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (tail) => {
        const sps = parseH265Sps(Uint8Array.of(0x42, 1, ...tail));

        expect(sps === undefined || (sps.widthPx > 0 && sps.widthPx <= 16_384)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
