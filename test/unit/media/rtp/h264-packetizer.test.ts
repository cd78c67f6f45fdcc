import { array, assert, constantFrom, integer, property, record, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { H264Depacketizer } from '../../../../src/media/rtp/h264-depacketizer.ts';
import { packetizeH264, type RtpPayload } from '../../../../src/media/rtp/h264-packetizer.ts';

/** RFC 6184 read backwards, independent of the product's depacketizer. */
function reassemble(payloads: readonly RtpPayload[]): number[][] {
  const units: number[][] = [];
  for (const { payload } of payloads) {
    const bytes = [...payload];
    const type = bytes[0]! & 31;
    if (type === 24) {
      for (let at = 1; at < bytes.length;) {
        const length = bytes[at]! * 256 + bytes[at + 1]!;
        units.push(bytes.slice(at + 2, at + 2 + length));
        at += 2 + length;
      }
    } else if (type === 28) {
      if ((bytes[1]! & 0x80) !== 0) units.push([(bytes[0]! & 0xe0) | (bytes[1]! & 31)]);
      units.at(-1)!.push(...bytes.slice(2));
    } else units.push(bytes);
  }
  return units;
}

/** NAL units of the types that carry pictures and parameter sets. */
const arbUnit = record({
  header: constantFrom(0x67, 0x68, 0x65, 0x41, 0x61, 0x01),
  body: uint8Array({ minLength: 1, maxLength: 5000 }),
}).map(({ header, body }) => Uint8Array.of(header, ...body));

describe('packetizeH264', () => {
  it('gives back every unit in order, whatever their lengths and the payload size', () => {
    assert(
      property(array(arbUnit, { minLength: 1, maxLength: 8 }), integer({ min: 16, max: 1500 }), (units, max) => {
        const payloads = packetizeH264(units, max);

        expect(reassemble(payloads)).toEqual(units.map((unit) => [...unit]));
        const depacketizer = new H264Depacketizer();
        const received = payloads.flatMap(({ payload }) => depacketizer.push(payload));
        expect(received.map((unit) => [...unit])).toEqual(units.map((unit) => [...unit]));
        expect(Math.max(...payloads.map(({ payload }) => payload.length))).toBeLessThanOrEqual(max);
        expect(payloads.map(({ marker }) => marker)).toEqual(payloads.map((_, at) => at === payloads.length - 1));
      }),
    );
  });

  it('puts parameter sets and a small slice into one packet', () => {
    const payloads = packetizeH264([Uint8Array.of(0x67, 1), Uint8Array.of(0x68, 2), Uint8Array.of(0x65, 3)], 1200);

    expect(payloads).toHaveLength(1);
    expect([...payloads[0]!.payload]).toEqual([0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2, 0, 2, 0x65, 3]);
  });

  it('cuts a long unit into fragments of nearly equal length', () => {
    const unit = new Uint8Array(2500).fill(7);
    unit[0] = 0x65;

    const lengths = packetizeH264([unit], 1200).map(({ payload }) => payload.length);

    expect(lengths).toEqual([835, 835, 835]);
  });

  it('leaves out delimiters, SEI and filler', () => {
    const units = [Uint8Array.of(9, 0xf0), Uint8Array.of(6, 1), Uint8Array.of(0x41, 5), Uint8Array.of(12, 0xff)];

    expect(packetizeH264(units, 1200)).toEqual([{ payload: Uint8Array.of(0x41, 5), marker: true }]);
  });

  it('sends nothing when nothing is left', () => {
    expect(packetizeH264([Uint8Array.of(9, 0xf0), new Uint8Array(0)], 1200)).toEqual([]);
  });
});
