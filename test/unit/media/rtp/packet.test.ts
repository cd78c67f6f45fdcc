import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRtp, sequenceDistance, writeRtpHeader } from '../../../../src/media/rtp/packet.ts';

const arbFields = fc.record({
  marker: fc.boolean(),
  payloadType: fc.integer({ min: 0, max: 127 }),
  sequence: fc.integer({ min: 0, max: 0xffff }),
  timestamp: fc.integer({ min: 0, max: 0xffff_ffff }),
  ssrc: fc.integer({ min: 0, max: 0xffff_ffff }),
});

describe('parseRtp', () => {
  it('reads what was written', () => {
    fc.assert(
      fc.property(arbFields, fc.uint8Array({ maxLength: 30 }), (fields, payload) => {
        const data = new Uint8Array(12 + payload.length);
        writeRtpHeader(data, fields);
        data.set(payload, 12);

        const packet = parseRtp(data);

        expect(packet).toMatchObject(fields);
        expect([...(packet?.payload ?? [])]).toEqual([...payload]);
      }),
    );
  });

  it('skips contributing sources, extension and padding', () => {
    const data = Uint8Array.of(
      ...[0xb1, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3],
      ...[0, 0, 0, 9],
      ...[0xbe, 0xde, 0, 1, 1, 2, 3, 4],
      ...[0x65, 0x66],
      ...[0, 2],
    );

    expect([...(parseRtp(data)?.payload ?? [])]).toEqual([0x65, 0x66]);
  });

  it('gives undefined for what is no packet and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (data) => {
        const packet = parseRtp(data);

        expect(packet === undefined || packet.payload.length <= data.length - 12).toBe(true);
      }),
    );
    expect(parseRtp(Uint8Array.of(0x80, 96, 0))).toBeUndefined();
  });
});

describe('sequenceDistance', () => {
  it('counts across the wrap', () => {
    expect(sequenceDistance(2, 0xfffe)).toBe(4);
    expect(sequenceDistance(0xfffe, 2)).toBe(-4);
  });
});
