import type { Size } from '../contract/pixels.ts';
import { TICKS_PER_SECOND } from '../common/ticks.ts';

/** IVF file header for raw I420 pictures with 90 kHz times (the container of the VP8 tools; all fields little-endian). */
export function ivfFileHeader(size: Size): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  bytes.set([0x44, 0x4b, 0x49, 0x46]); // DKIF
  view.setUint16(6, 32, true);
  bytes.set([0x49, 0x34, 0x32, 0x30], 8); // I420
  view.setUint16(12, size.widthPx, true);
  view.setUint16(14, size.heightPx, true);
  view.setUint32(16, TICKS_PER_SECOND, true);
  view.setUint32(20, 1, true);
  return bytes;
}

/** Header before each picture. */
export function ivfFrameHeader(sizeBytes: number, ptsTicks: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, sizeBytes, true);
  view.setBigUint64(4, BigInt(ptsTicks), true);
  return bytes;
}
