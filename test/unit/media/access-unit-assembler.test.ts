import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccessUnitAssembler, type CodedPicture } from '../../../src/media/access-unit-assembler.ts';
import { codecRules } from '../../../src/media/video-codec.ts';

const SPS = Uint8Array.of(0x67, 1);
const PPS = Uint8Array.of(0x68, 1);
const AUD = Uint8Array.of(0x09, 0xf0);
const IDR = Uint8Array.of(0x65, 0x88, 7);
const IDR_REST = Uint8Array.of(0x65, 0x48, 7);
const P = Uint8Array.of(0x41, 0x9a, 7);
const P_REST = Uint8Array.of(0x41, 0x4a, 7);

const isSlice = (nal: Uint8Array): boolean => codecRules('h264').isSlice(nal);

const shape = (pictures: readonly CodedPicture[]): unknown[] =>
  pictures.map(({ nals, timestamp, isKeyframe, isDamaged }) => ({
    count: nals.length,
    timestamp,
    isKeyframe,
    isDamaged,
  }));

describe('AccessUnitAssembler', () => {
  it('ends a picture at the marker, without waiting for the next one', () => {
    const assembler = new AccessUnitAssembler(codecRules('h264'));

    const pictures = [
      ...assembler.push([SPS, PPS], 100, false, false),
      ...assembler.push([IDR], 100, true, false),
      ...assembler.push([P], 200, true, false),
    ];

    expect(shape(pictures)).toEqual([
      { count: 3, timestamp: 100, isKeyframe: true, isDamaged: false },
      { count: 1, timestamp: 200, isKeyframe: false, isDamaged: false },
    ]);
  });

  it('ends a picture at the next timestamp when there are no markers', () => {
    const assembler = new AccessUnitAssembler(codecRules('h264'));

    const pictures = [100, 200, 300].flatMap((timestamp) => assembler.push([P], timestamp, false, false));

    expect(pictures.map((picture) => picture.timestamp)).toEqual([100, 200]);
  });

  it('makes no picture of parameter sets with a marker or a timestamp of their own', () => {
    const assembler = new AccessUnitAssembler(codecRules('h264'));

    const pictures = [
      ...assembler.push([SPS], 90, true, false),
      ...assembler.push([PPS], 95, true, false),
      ...assembler.push([IDR], 100, true, false),
    ];

    expect(shape(pictures)).toEqual([{ count: 3, timestamp: 100, isKeyframe: true, isDamaged: false }]);
  });

  it('learns that a camera marks every slice, and keeps the slices of a picture together from then on', () => {
    const assembler = new AccessUnitAssembler(codecRules('h264'));
    const pictures = [100, 200, 300, 400].flatMap((timestamp) => [
      ...assembler.push([IDR], timestamp, true, false),
      ...assembler.push([IDR_REST], timestamp, true, false),
    ]);

    expect(pictures.slice(2).map((picture) => picture.nals.length)).toEqual([2, 2]);
    expect(pictures.slice(2).map((picture) => picture.isDamaged)).toEqual([false, false]);
  });

  it('ends a picture where the next begins when the timestamp stands still', () => {
    const assembler = new AccessUnitAssembler(codecRules('h264'));

    const pictures = [IDR, P, P].flatMap((nal) => assembler.push([nal], 0, false, false));

    expect(pictures.map((picture) => picture.isKeyframe)).toEqual([true, false]);
  });

  it('leaves out delimiters and marks pictures with lost packets', () => {
    const assembler = new AccessUnitAssembler(codecRules('h264'));

    const pictures = [
      ...assembler.push([AUD, P], 100, false, true),
      ...assembler.push([P_REST], 100, true, false),
      ...assembler.push([P_REST], 200, true, false),
      ...assembler.push([P], 300, true, false),
    ];

    expect(shape(pictures)).toMatchObject([
      { count: 2, isDamaged: true },
      { count: 1, isDamaged: true },
      { count: 1, isDamaged: false },
    ]);
  });

  it('knows key frames of H.265', () => {
    const assembler = new AccessUnitAssembler(codecRules('h265'));
    const units = [Uint8Array.of(0x40, 1, 1), Uint8Array.of(0x42, 1, 1), Uint8Array.of(0x26, 1, 0xaf)];

    const pictures = [
      ...assembler.push(units, 1, true, false),
      ...assembler.push([Uint8Array.of(0x02, 1, 0xd0)], 2, true, false),
    ];

    expect(pictures.map((picture) => picture.isKeyframe)).toEqual([true, false]);
  });

  it('loses and invents no slice, whatever markers and timestamps say', () => {
    const arbPacket = fc.record({
      nal: fc.constantFrom(SPS, PPS, AUD, IDR, P, P_REST),
      timestamp: fc.integer({ min: 0, max: 4 }),
      marker: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(arbPacket, { maxLength: 40 }), (packets) => {
        const assembler = new AccessUnitAssembler(codecRules('h264'));

        const pictures = packets.flatMap(({ nal, timestamp, marker }) =>
          assembler.push([nal], timestamp, marker, false),
        );
        pictures.push(...assembler.push([IDR], 99, true, false));

        const slices = pictures.flatMap((picture) => picture.nals.filter(isSlice));
        expect(slices).toEqual([...packets.map(({ nal }) => nal).filter(isSlice), IDR].slice(0, slices.length));
        expect(pictures.every((picture) => picture.nals.some(isSlice))).toBe(true);
      }),
    );
  });
});
