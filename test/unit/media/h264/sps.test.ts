import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSps } from '../../../../src/media/h264/sps.ts';

/** Parameter sets that libx264 wrote for the size and options in the name. */
const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

describe('parseSps', () => {
  it.each([
    ['6742c01fd9005005bb011000000300100000030320f1832480', { widthPx: 1280, heightPx: 720, fps: 25, reorderFrames: 0 }],
    [
      '67640028acd940780227e5c044000003000400000300f03c60c658',
      { widthPx: 1920, heightPx: 1080, fps: 30, reorderFrames: 2 },
    ],
    ['677a001fb6cb200a00b76022000003000200000300641e306490', { widthPx: 1280, heightPx: 720, fps: 25, bitDepth: 10 }],
    ['67640016acb201485fc4498088000003000800000300f478b17240', { widthPx: 642, heightPx: 362, fps: 15, bitDepth: 8 }],
  ])('reads size, rate and reordering of %s', (hex, expected) => {
    expect(parseSps(fromHex(hex))).toMatchObject({ ...expected, isProgressive: true, shownWidthPx: expected.widthPx });
  });

  it('reads interlaced pictures whose pixels are not square', () => {
    const sps = parseSps(fromHex('6764001eacd940b424dff8020001688000000300800000190f8a14cb'));

    expect(sps).toMatchObject({ widthPx: 720, heightPx: 576, isProgressive: false, shownWidthPx: 1024 });
  });

  it('names profile, constraints and level', () => {
    const sps = parseSps(fromHex('6742c01fd9005005bb011000000300100000030320f1832480'));

    expect(sps).toMatchObject({ profileIdc: 0x42, constraintFlags: 0xc0, levelIdc: 0x1f });
  });

  it('never throws and never names a senseless size, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
        const sps = parseSps(Uint8Array.of(0x67, ...tail));

        if (sps === undefined) return;
        expect(sps.widthPx).toBeGreaterThan(0);
        expect(sps.widthPx).toBeLessThanOrEqual(16_384);
        expect(sps.heightPx).toBeGreaterThan(0);
        expect(sps.heightPx).toBeLessThanOrEqual(16_384);
        expect(sps.shownWidthPx % 2).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a parameter set that is cut off', () => {
    expect(parseSps(fromHex('6742c01fd9'))).toBeUndefined();
  });
});
