import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { H264Depacketizer, MAX_NAL_BYTES } from '../../../../src/media/rtp/h264-depacketizer.ts';
import { H265Depacketizer } from '../../../../src/media/rtp/h265-depacketizer.ts';

const list = (nals: readonly Uint8Array[]): number[][] => nals.map((nal) => [...nal]);
const u16 = (value: number): number[] => [value >> 8, value & 0xff];

/** Cuts a unit into FU-A payloads of at most `step` bytes of data (RFC 6184 §5.8). */
function fragmentsOfH264(nal: Uint8Array, step: number): Uint8Array[] {
  const first = nal[0] ?? 0;
  const parts: Uint8Array[] = [];
  for (let at = 1; at < nal.length; at += step) {
    const isLast = at + step >= nal.length;
    const header = (at === 1 ? 0x80 : 0) | (isLast ? 0x40 : 0) | (first & 0x1f);
    parts.push(Uint8Array.of((first & 0xe0) | 28, header, ...nal.subarray(at, at + step)));
  }
  return parts;
}

/** Cuts a unit into FU payloads (RFC 7798 §4.4.3). */
function fragmentsOfH265(nal: Uint8Array, step: number): Uint8Array[] {
  const [first = 0, second = 0] = nal;
  const parts: Uint8Array[] = [];
  for (let at = 2; at < nal.length; at += step) {
    const isLast = at + step >= nal.length;
    const header = (at === 2 ? 0x80 : 0) | (isLast ? 0x40 : 0) | ((first >> 1) & 0x3f);
    parts.push(Uint8Array.of((first & 0x81) | (49 << 1), second, header, ...nal.subarray(at, at + step)));
  }
  return parts;
}

const arbTail = fc.uint8Array({ minLength: 3, maxLength: 200 });

describe('H264Depacketizer', () => {
  it('puts fragments of any size together again', () => {
    fc.assert(
      fc.property(arbTail, fc.integer({ min: 1, max: 50 }), (tail, step) => {
        const nal = Uint8Array.of(0x65, ...tail);
        const depacketizer = new H264Depacketizer();

        const nals = fragmentsOfH264(nal, step).flatMap((payload) => depacketizer.push(payload));

        expect(list(nals)).toEqual([[...nal]]);
      }),
    );
  });

  it('opens aggregates and passes single units', () => {
    const depacketizer = new H264Depacketizer();
    const aggregate = Uint8Array.of(24, ...u16(2), 0x67, 1, ...u16(3), 0x68, 2, 3);

    expect(list(depacketizer.push(aggregate))).toEqual([
      [0x67, 1],
      [0x68, 2, 3],
    ]);
    expect(list(depacketizer.push(Uint8Array.of(0x41, 9)))).toEqual([[0x41, 9]]);
  });

  it('drops a unit whose middle is lost, not the next one', () => {
    const depacketizer = new H264Depacketizer();
    const [head = new Uint8Array(0), , end = new Uint8Array(0)] = fragmentsOfH264(Uint8Array.of(0x65, 1, 2, 3), 1);
    depacketizer.push(head);
    depacketizer.reset();

    expect(depacketizer.push(end)).toEqual([]);
    expect(list(depacketizer.push(Uint8Array.of(0x41, 9)))).toEqual([[0x41, 9]]);
  });

  it('holds no more than one unit of the largest size, however long a fragment goes on', () => {
    const depacketizer = new H264Depacketizer();
    const part = new Uint8Array(60_000);
    part.set([28 | 0x60, 5]);
    depacketizer.push(Uint8Array.of(28 | 0x60, 0x85, 1));

    for (let bytes = 0; bytes <= MAX_NAL_BYTES; bytes += part.length) depacketizer.push(part);

    expect(depacketizer.push(Uint8Array.of(28 | 0x60, 0x45, 1))).toEqual([]);
  });

  it('never throws, whatever the payloads', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 12 }), (payloads) => {
        const depacketizer = new H264Depacketizer();
        const given = payloads.reduce((sum, payload) => sum + payload.length, 0);

        const nals = payloads.flatMap((payload) => depacketizer.push(payload));

        expect(nals.reduce((sum, nal) => sum + nal.length, 0)).toBeLessThanOrEqual(given);
        expect(nals.every((nal) => nal.length > 0)).toBe(true);
      }),
    );
  });
});

describe('H265Depacketizer', () => {
  it('puts fragments of any size together again', () => {
    fc.assert(
      fc.property(arbTail, fc.integer({ min: 1, max: 50 }), (tail, step) => {
        const nal = Uint8Array.of(0x26, 1, ...tail);
        const depacketizer = new H265Depacketizer();

        const nals = fragmentsOfH265(nal, step).flatMap((payload) => depacketizer.push(payload));

        expect(list(nals)).toEqual([[...nal]]);
      }),
    );
  });

  it('opens aggregates', () => {
    const aggregate = Uint8Array.of(48 << 1, 1, ...u16(3), 0x40, 1, 7, ...u16(4), 0x42, 1, 8, 9);

    expect(list(new H265Depacketizer().push(aggregate))).toEqual([
      [0x40, 1, 7],
      [0x42, 1, 8, 9],
    ]);
  });

  it('never throws, whatever the payloads', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 12 }), (payloads) => {
        const depacketizer = new H265Depacketizer();

        expect(payloads.flatMap((payload) => depacketizer.push(payload)).every((nal) => nal.length > 0)).toBe(true);
      }),
    );
  });
});
