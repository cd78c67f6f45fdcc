import type { AccessUnit, StreamFormat } from '../../src/contract/access-unit.ts';

/** Parameter sets that libx264 wrote for a baseline stream of 640×352. */
export function aFormat(overrides: Partial<StreamFormat> = {}): StreamFormat {
  return {
    codec: 'h264',
    sps: Uint8Array.from(Buffer.from('6742c01ed900a02ff970110000030001000003003c0f162e48', 'hex')),
    pps: Uint8Array.from(Buffer.from('68cb83cb20', 'hex')),
    widthPx: 640,
    heightPx: 352,
    fps: 25,
    ...overrides,
  };
}

const TIMES = { capturedUs: 0, decodedUs: 0, pairedUs: 0, composedUs: 0, encodedUs: 0 };

/** One access unit with a single slice of `bytes` bytes, 40 ms after the one before. */
export function anAccessUnit(frame: number, isKeyframe: boolean, bytes = 100): AccessUnit {
  const data = new Uint8Array(4 + bytes).fill(frame & 0xff);
  new DataView(data.buffer).setUint32(0, bytes);
  data[4] = isKeyframe ? 0x65 : 0x41;
  return { data, ptsTicks: frame * 3600, isKeyframe, times: TIMES };
}
