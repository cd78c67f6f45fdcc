import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encoderArguments } from '../../../src/encode/encoder-args.ts';
import { h264Level } from '../../../src/encode/h264-level.ts';
import { ivfFileHeader, ivfFrameHeader } from '../../../src/encode/ivf.ts';
import { pictureNals } from '../../../src/encode/picture-nals.ts';
import { FlvReader, parseAvcTag } from '../../../src/media/flv/flv-reader.ts';

const ffmpeg = {
  path: 'ffmpeg',
  version: [5, 1],
  timeoutOption: '-timeout',
  passthroughOption: ['-fps_mode', 'passthrough'],
  encoders: new Set(['libx264']),
} as const;

describe('h264Level', () => {
  it('grows with size and rate (H.264 Table A-1)', () => {
    expect(h264Level(1280, 720, 25)).toBe('3.1');
    expect(h264Level(2000, 720, 25)).toBe('4.0');
    expect(h264Level(2560, 720, 60)).toBe('4.2');
    expect(h264Level(2560, 1440, 25)).toBe('5.0');
  });

  it('refuses what no level allows', () => {
    expect(() => h264Level(8192, 8192, 25)).toThrow(RangeError);
  });
});

describe('encoderArguments', () => {
  const settings = {
    size: { widthPx: 2048, heightPx: 720 },
    fps: 25,
    bitrateKbps: 4000,
    encoder: 'libx264',
    preset: 'superfast',
    threads: 2,
  };

  it('reads IVF from stdin, writes FLV to stdout and never delays input by a frame', () => {
    const args = encoderArguments(settings, ffmpeg);

    expect(args.slice(0, 2)).toEqual(['-f', 'ivf']);
    expect(args.slice(-3)).toEqual(['-f', 'flv', 'pipe:1']);
    expect(args).not.toContain('nobuffer');
    expect(args[args.indexOf('-b:v') + 1]).toBe('4000k');
    expect(args[args.indexOf('-level') + 1]).toBe('4.0');
  });

  it('names the field when the encoder is not known', () => {
    expect(() => encoderArguments({ ...settings, encoder: 'libx265' }, ffmpeg)).toThrow('encoder must be libx264');
  });
});

describe('IVF headers', () => {
  it('carry size, time base and 64-bit times in little-endian', () => {
    const file = new DataView(ivfFileHeader({ widthPx: 2048, heightPx: 720 }).buffer);
    const frame = new DataView(ivfFrameHeader(2_211_840, 2 ** 40 + 2).buffer);

    expect([file.getUint16(12, true), file.getUint16(14, true), file.getUint32(16, true)]).toEqual([2048, 720, 90_000]);
    expect([frame.getUint32(0, true), frame.getBigUint64(4, true)]).toEqual([2_211_840, BigInt(2 ** 40 + 2)]);
  });
});

const nal = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 40 }));

function avcc(nals: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  return Uint8Array.from(nals.flatMap(([head, body]) => [0, 0, 0, body.length + 1, head, ...body]));
}

describe('pictureNals', () => {
  it('drops SEI, delimiters and filler and keeps every other NAL unit as it is', () => {
    fc.assert(
      fc.property(fc.array(nal, { maxLength: 8 }), (nals) => {
        const kept = nals.filter(([head]) => ![6, 9, 12].includes(head & 31));
        expect(pictureNals(avcc(nals))).toEqual(avcc(kept));
      }),
    );
  });

  it('refuses lengths that lead beyond the end', () => {
    expect(() => pictureNals(Uint8Array.of(0, 0, 0, 9, 0x65))).toThrow(RangeError);
  });
});

/** One FLV stream with tags of the given bodies. */
function flv(tags: readonly { type: number; timestampMs: number; body: Uint8Array }[]): Uint8Array {
  const bytes = [0x46, 0x4c, 0x56, 1, 1, 0, 0, 0, 9, 0, 0, 0, 0];
  for (const { type, timestampMs: ms, body } of tags) {
    const size = body.length;
    bytes.push(type, (size >> 16) & 255, (size >> 8) & 255, size & 255);
    bytes.push((ms >> 16) & 255, (ms >> 8) & 255, ms & 255, (ms >>> 24) & 255, 0, 0, 0, ...body, 0, 0, 0, 0);
  }
  return Uint8Array.from(bytes);
}

describe('FlvReader', () => {
  it('gives the same tags for every cut of the stream', () => {
    const tag = fc.record({
      type: fc.constantFrom(8, 9, 18),
      timestampMs: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      body: fc.uint8Array({ maxLength: 30 }),
    });
    fc.assert(
      fc.property(
        fc.array(tag, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 40 }),
        (tags, cuts) => {
          const stream = flv(tags);
          const reader = new FlvReader();
          const seen = [];
          let at = 0;
          for (const cut of cuts) {
            seen.push(...reader.push(stream.slice(at, at + cut)));
            at += cut;
          }
          seen.push(...reader.push(stream.slice(at)));
          expect(seen).toEqual(tags);
        },
      ),
    );
  });

  it('refuses what does not begin as FLV does', () => {
    expect(() => new FlvReader().push(new Uint8Array(20))).toThrow('not FLV');
  });
});

describe('parseAvcTag', () => {
  it('reads parameter sets and pictures, and nothing else', () => {
    const record = [1, 0x42, 0, 0x28, 0xff, 0xe1, 0, 2, 0x67, 1, 1, 0, 1, 0x68];

    expect(parseAvcTag(Uint8Array.from([0x17, 0, 0, 0, 0, ...record]))).toEqual({
      kind: 'configuration',
      sps: Uint8Array.of(0x67, 1),
      pps: Uint8Array.of(0x68),
    });
    expect(parseAvcTag(Uint8Array.of(0x27, 1, 0, 0, 0, 5))).toEqual({
      kind: 'picture',
      isKeyframe: false,
      data: Uint8Array.of(5),
    });
    expect(parseAvcTag(Uint8Array.of(0x17, 2, 0, 0, 0))).toBeUndefined();
  });

  it('throws RangeError and nothing else on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          parseAvcTag(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
