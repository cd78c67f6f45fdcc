import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinAnnexB, splitAnnexB } from '../../../../src/media/h264/annex-b.ts';
import { joinAvcc, splitAvcc } from '../../../../src/media/h264/avcc.ts';
import { unescapeNal } from '../../../../src/media/h264/nal-unit.ts';

/** NAL units as encoders make them: no start code inside, no zero byte at the end. */
const arbNal = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) => Uint8Array.of(0x65, ...bytes.map((byte) => (byte < 4 ? byte + 4 : byte))));
const arbNals = fc.array(arbNal, { maxLength: 8 });
const lists = (nals: Iterable<Uint8Array>): number[][] => [...nals].map((nal) => [...nal]);

describe('Annex B', () => {
  it('gives back the units that were joined', () => {
    fc.assert(
      fc.property(arbNals, (nals) => {
        expect(lists(splitAnnexB(joinAnnexB(nals)))).toEqual(lists(nals));
      }),
    );
  });

  it('accepts start codes of three bytes and zeros before the next one', () => {
    const data = Uint8Array.of(9, 0, 0, 1, 0x67, 5, 0, 0, 0, 0, 1, 0x68, 7, 0);

    expect(lists(splitAnnexB(data))).toEqual([
      [0x67, 5],
      [0x68, 7],
    ]);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1, 2, 3, 0x65), { maxLength: 60 }), (bytes) => {
        const total = splitAnnexB(Uint8Array.from(bytes)).reduce((sum, nal) => sum + nal.length, 0);

        expect(total).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});

describe('AVCC', () => {
  it('gives back the units that were joined', () => {
    fc.assert(
      fc.property(arbNals, (nals) => {
        expect(lists(splitAvcc(joinAvcc(nals)))).toEqual(lists(nals));
      }),
    );
  });

  it('throws RangeError for a length that points past the end', () => {
    expect(() => [...splitAvcc(Uint8Array.of(0, 0, 0, 5, 1, 2))]).toThrow(RangeError);
    expect(() => [...splitAvcc(Uint8Array.of(0, 0, 0))]).toThrow(RangeError);
  });
});

describe('unescapeNal', () => {
  it('takes out the emulation prevention bytes alone', () => {
    const payload = unescapeNal(Uint8Array.of(0x67, 0, 0, 3, 1, 3, 0, 0, 3, 0, 0, 3), 1);

    expect([...payload]).toEqual([0, 0, 1, 3, 0, 0, 0, 0]);
  });
});
