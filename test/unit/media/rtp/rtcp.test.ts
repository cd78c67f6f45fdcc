import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compoundRtcp,
  parseRtcp,
  writeBye,
  writeReceiverReport,
  writeSenderReport,
  writeSourceDescription,
} from '../../../../src/media/rtp/rtcp.ts';

const arbU32 = fc.integer({ min: 0, max: 0xffff_ffff });

describe('RTCP', () => {
  it('gives back the sender report that was written, to a microsecond', () => {
    const arbWall = fc.integer({ min: 0, max: 2_000_000_000_000_000 });
    fc.assert(
      fc.property(arbU32, arbWall, arbU32, arbU32, arbU32, (ssrc, wallUs, rtpTimestamp, packets, octets) => {
        const [report] = parseRtcp(writeSenderReport({ ssrc, wallUs, rtpTimestamp, packets, octets }));

        expect(report).toMatchObject({ kind: 'sender-report', ssrc, rtpTimestamp, packets, octets, reports: [] });
        const readUs = report?.kind === 'sender-report' ? report.wallUs : 0;
        expect(Math.abs(readUs - wallUs)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('reads a compound of receiver report, description and bye', () => {
    const block = {
      ssrc: 7,
      fractionLost: 12,
      lost: -3,
      highestSequence: 0x1_0005,
      jitter: 90,
      lastSenderReport: 0xabcd_ef01,
      delay: 65_536,
    };

    const packets = parseRtcp(
      compoundRtcp(writeReceiverReport(5, [block]), writeSourceDescription(5, 'seamline'), writeBye(5)),
    );

    expect(packets).toEqual([
      { kind: 'receiver-report', ssrc: 5, reports: [block] },
      { kind: 'source-description', ssrc: 5, cname: 'seamline' },
      { kind: 'bye', ssrcs: [5] },
    ]);
  });

  it('pads descriptions of every length to whole words', () => {
    for (let length = 0; length < 9; length += 1) {
      expect(writeSourceDescription(1, 'n'.repeat(length)).length % 4).toBe(0);
    }
  });

  it('never throws, whatever the bytes', () => {
    const arbNoise = fc.uint8Array({ maxLength: 100 });
    fc.assert(
      fc.property(arbNoise, fc.integer({ min: 200, max: 205 }), (noise, type) => {
        expect(parseRtcp(Uint8Array.of(0x9f, type, 0, noise.length >> 2, ...noise)).length).toBeLessThan(30);
      }),
    );
  });
});
