import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RtpPacket } from '../../../../src/media/rtp/packet.ts';
import { ReorderBuffer } from '../../../../src/media/rtp/reorder-buffer.ts';

const aPacket = (sequence: number): RtpPacket => ({
  version: 2,
  marker: false,
  payloadType: 96,
  sequence: sequence & 0xffff,
  timestamp: 0,
  ssrc: 1,
  payload: new Uint8Array(0),
});

describe('ReorderBuffer', () => {
  it('gives every packet once and in order when none is late by more than it waits', () => {
    const arbShuffle = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), arbShuffle, (first, delays) => {
        // The first packet tells where the source begins, so it comes first here.
        const order = delays
          .map((delay, index) => ({ sequence: first + index, at: index === 0 ? -1 : index + delay }))
          .sort((a, b) => a.at - b.at);
        const buffer = new ReorderBuffer();

        const seen = order.flatMap(({ sequence }) =>
          buffer.push(aPacket(sequence), 0).map((packet) => packet.sequence),
        );

        expect(seen).toEqual(delays.map((_, index) => (first + index) & 0xffff));
      }),
    );
  });

  it('gives a missing packet up after 40 ms', () => {
    const buffer = new ReorderBuffer();
    buffer.push(aPacket(10), 0);

    const early = [12, 13].flatMap((sequence) => buffer.push(aPacket(sequence), 1000));
    const late = buffer.push(aPacket(14), 41_000);

    expect(early).toEqual([]);
    expect(late.map((packet) => packet.sequence)).toEqual([12, 13, 14]);
    expect(buffer.push(aPacket(11), 42_000)).toEqual([]);
  });

  it('never holds more than 64 packets', () => {
    const buffer = new ReorderBuffer();
    buffer.push(aPacket(0), 0);

    const seen = Array.from({ length: 64 }, (_, index) => buffer.push(aPacket(index + 2), 0)).flat();

    expect(seen).toHaveLength(64);
  });

  it('follows a source that begins anew', () => {
    const buffer = new ReorderBuffer();
    buffer.push(aPacket(100), 0);

    expect(buffer.push(aPacket(40_000), 0).map((packet) => packet.sequence)).toEqual([40_000]);
  });
});
