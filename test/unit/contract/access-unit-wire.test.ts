import { array, assert, boolean, double, integer, oneof, property, record, uint8Array, constant } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeStreamItem, MAX_ITEM_BYTES, StreamItemParser } from '../../../src/contract/access-unit-wire.ts';
import type { StreamItem } from '../../../src/contract/access-unit.ts';

const us = double({ min: 0, max: 2 ** 50, noNaN: true });
const times = record({ capturedUs: us, decodedUs: us, pairedUs: us, composedUs: us, encodedUs: us });
const unit = record({
  data: uint8Array({ maxLength: 300 }),
  ptsTicks: integer({ min: 0, max: 2 ** 48 }),
  isKeyframe: boolean(),
  times,
});
const format = record({
  codec: constant('h264' as const),
  sps: uint8Array({ maxLength: 60 }),
  pps: uint8Array({ maxLength: 20 }),
  widthPx: integer({ min: 16, max: 7680 }),
  heightPx: integer({ min: 16, max: 4320 }),
  fps: double({ min: 1, max: 60, noNaN: true }),
});
const item = oneof(
  record({ kind: constant('format' as const), format }),
  record({ kind: constant('access-unit' as const), unit }),
);

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

describe('the framing of encoded data', () => {
  it('gives back every item, however the pipe was cut', () => {
    assert(
      property(array(item, { maxLength: 8 }), array(integer({ min: 1, max: 40 }), { maxLength: 60 }), (items, cuts) => {
        const bytes = concatenated(items.map(encodeStreamItem));
        const parser = new StreamItemParser();
        const parsed: StreamItem[] = [];
        let at = 0;
        for (const cut of cuts) {
          parsed.push(...parser.push(bytes.subarray(at, at + cut)));
          at += cut;
        }
        parsed.push(...parser.push(bytes.subarray(at)));

        expect(parsed).toEqual(items);
      }),
    );
  });

  it('gives copies that later pushes do not change', () => {
    const bytes = encodeStreamItem({
      kind: 'access-unit',
      unit: {
        data: new Uint8Array([1, 2, 3]),
        ptsTicks: 0,
        isKeyframe: false,
        times: { capturedUs: 0, decodedUs: 0, pairedUs: 0, composedUs: 0, encodedUs: 0 },
      },
    });

    const [parsed] = new StreamItemParser().push(bytes);
    bytes.fill(9);

    expect(parsed?.kind === 'access-unit' && parsed.unit.data).toEqual(new Uint8Array([1, 2, 3]));
  });

  it.each([
    ['a length of zero', [0, 0, 0, 0]],
    ['a length beyond the limit', [0x7f, 0xff, 0xff, 0xff]],
    ['a kind that is none', [0, 0, 0, 1, 77]],
    ['a format that is cut', [0, 0, 0, 3, 1, 0, 16]],
    ['an access unit that is cut', [0, 0, 0, 3, 2, 1, 0]],
  ])('refuses %s', (_what, bytes) => {
    expect(() => new StreamItemParser().push(new Uint8Array(bytes))).toThrow(RangeError);
  });

  it('refuses to write what no reader would take', () => {
    const data = new Uint8Array(MAX_ITEM_BYTES);
    const zero = { capturedUs: 0, decodedUs: 0, pairedUs: 0, composedUs: 0, encodedUs: 0 };

    expect(() =>
      encodeStreamItem({ kind: 'access-unit', unit: { data, ptsTicks: 0, isKeyframe: false, times: zero } }),
    ).toThrow(RangeError);
  });

  it('never takes anything but a RangeError for nonsense', () => {
    assert(
      property(array(uint8Array({ maxLength: 64 }), { maxLength: 6 }), (chunks) => {
        const parser = new StreamItemParser();
        try {
          for (const chunk of chunks) parser.push(chunk);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  it('takes a large item in many small pieces without copying it again for each', () => {
    const data = new Uint8Array(4 * 1024 * 1024);
    const zero = { capturedUs: 0, decodedUs: 0, pairedUs: 0, composedUs: 0, encodedUs: 0 };
    const bytes = encodeStreamItem({ kind: 'access-unit', unit: { data, ptsTicks: 1, isKeyframe: true, times: zero } });
    const parser = new StreamItemParser();
    const started = process.cpuUsage();

    let items = 0;
    for (let at = 0; at < bytes.length; at += 1000) items += parser.push(bytes.subarray(at, at + 1000)).length;

    expect(items).toBe(1);
    // Time of the processor: what else the machine does must not count.
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1000).toBeLessThan(5000);
  });
});
