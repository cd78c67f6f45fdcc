import type { Size } from '../contract/pixels.ts';

/** Bytes of the header of an IVF file and of each frame in it. */
export const IVF_FILE_HEADER_BYTES = 32;
export const IVF_FRAME_HEADER_BYTES = 12;

/**
 * Header of an IVF stream with times in ticks of 90 kHz.
 * @param fourcc what the frames are: "I420", "H264", "H265" …
 */
export function ivfFileHeader(fourcc: string, size: Size): Uint8Array {
  const header = new Uint8Array(IVF_FILE_HEADER_BYTES);
  const view = new DataView(header.buffer);
  header.set(new TextEncoder().encode('DKIF'), 0);
  view.setUint16(6, IVF_FILE_HEADER_BYTES, true);
  header.set(new TextEncoder().encode(fourcc).subarray(0, 4), 8);
  view.setUint16(12, size.widthPx, true);
  view.setUint16(14, size.heightPx, true);
  view.setUint32(16, 90_000, true);
  view.setUint32(20, 1, true);
  return header;
}

/** Header of one frame. @param sizeBytes of the frame without this header @param ptsTicks not negative */
export function ivfFrameHeader(sizeBytes: number, ptsTicks: number): Uint8Array {
  const header = new Uint8Array(IVF_FRAME_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, sizeBytes, true);
  view.setBigUint64(4, BigInt(ptsTicks), true);
  return header;
}
