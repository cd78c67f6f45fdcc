import { crc32, deflateSync } from 'node:zlib';
import { DEPTH_STEP, HEIGHT, WIDTH } from './rigs.ts';

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/**
 * A depth map as a 16-bit grey PNG (W3C PNG, colour type 0): centimetres along the optical axis, 0 for the sky.
 * `pixels` is what the page measured: RGBA rows from bottom to top, high byte in red, low byte in green.
 */
export function depthPng(pixels: Buffer): Buffer {
  const [width, height] = [WIDTH / DEPTH_STEP, HEIGHT / DEPTH_STEP];
  const stride = 1 + width * 2;
  const rows = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    // Filter 1 (each byte minus the byte one sample to the left) halves the size: depth runs smoothly along a row.
    rows[y * stride] = 1;
    const source = (height - 1 - y) * width * 4;
    for (let x = 0; x < width; x += 1) {
      for (const byte of [0, 1]) {
        const left = x === 0 ? 0 : pixels[source + (x - 1) * 4 + byte]!;
        rows[y * stride + 1 + x * 2 + byte] = pixels[source + x * 4 + byte]! - left;
      }
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([16, 0, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [chunk('IHDR', header), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([signature, ...parts]);
}
