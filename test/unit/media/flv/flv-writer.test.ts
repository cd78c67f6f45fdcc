import { array, assert, boolean, integer, property, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlvReader, parseAvcTag } from '../../../../src/media/flv/flv-reader.ts';
import { flvFileHeader, flvMetadataTag, flvPictureTag, flvSequenceTag } from '../../../../src/media/flv/flv-writer.ts';
import { aFormat } from '../../../helpers/access-units.ts';

const arbPicture = array(uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 3 }).map((units) =>
  Uint8Array.from(units.flatMap((unit) => [0, 0, unit.length >> 8, unit.length & 0xff, ...unit])),
);

describe('FLV writer', () => {
  it('is read back by the reader, at any time of the 32-bit clock', () => {
    assert(
      property(arbPicture, boolean(), integer({ min: 0, max: 2 ** 32 - 1 }), (data, isKeyframe, timestampMs) => {
        const reader = new FlvReader();

        reader.push(flvFileHeader());
        const [tag] = reader.push(flvPictureTag(data, isKeyframe, timestampMs));

        expect(tag).toMatchObject({ type: 9, timestampMs });
        expect(parseAvcTag(tag!.body)).toEqual({ kind: 'picture', isKeyframe, data });
      }),
    );
  });

  it('puts the parameter sets before the pictures', () => {
    const { sps, pps } = aFormat();
    const reader = new FlvReader();

    reader.push(flvFileHeader());
    const [tag] = reader.push(flvSequenceTag(aFormat(), 7000));

    expect(tag!.timestampMs).toBe(7000);
    expect(parseAvcTag(tag!.body)).toEqual({ kind: 'configuration', sps, pps });
  });

  it('tells width, height and rate', () => {
    const [tag] = (() => {
      const reader = new FlvReader();
      reader.push(flvFileHeader());
      return reader.push(flvMetadataTag(aFormat(), 0));
    })();

    const text = Buffer.from(tag!.body);
    expect(tag!.type).toBe(18);
    const after = (name: string): number => text.readDoubleBE(text.indexOf(name) + name.length + 1);
    expect([after('width'), after('height'), after('framerate'), after('videocodecid')]).toEqual([640, 352, 25, 7]);
  });

  it('refuses a parameter set that cannot be one', () => {
    expect(() => flvSequenceTag(aFormat({ sps: new Uint8Array(3) }), 0)).toThrow(RangeError);
  });
});
