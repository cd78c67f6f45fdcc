import type { AccessUnit, StreamFormat, StreamItem } from './access-unit.ts';

/**
 * Framing of StreamItems on a byte pipe between a job process and the API process:
 * u32 length of what follows, u8 kind (1 format, 2 access unit), body. Big-endian throughout.
 * format: u16 width, u16 height, f64 fps, u16 sps length, sps, u16 pps length, pps.
 * access unit: u8 flags (bit 0 keyframe), f64 pts, five f64 stage times, data.
 */

/** Longest item that is accepted; a 2560×1440 intra picture stays far below. */
export const MAX_ITEM_BYTES = 8 * 1024 * 1024;

const KIND_FORMAT = 1;
const KIND_ACCESS_UNIT = 2;
const ACCESS_UNIT_HEADER_BYTES = 1 + 8 + 5 * 8;

/** One item with its length in front, ready for one write. @throws RangeError when it is longer than MAX_ITEM_BYTES */
export function encodeStreamItem(item: StreamItem): Uint8Array {
  const bytes = item.kind === 'format' ? encodeFormat(item.format) : encodeAccessUnit(item.unit);
  if (bytes.length - 4 > MAX_ITEM_BYTES) throw new RangeError(`a stream item of ${bytes.length} bytes is too long`);
  new DataView(bytes.buffer).setUint32(0, bytes.length - 4);
  return bytes;
}

function encodeFormat(format: StreamFormat): Uint8Array {
  const bytes = new Uint8Array(4 + 1 + 2 + 2 + 8 + 2 + format.sps.length + 2 + format.pps.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(4, KIND_FORMAT);
  view.setUint16(5, format.widthPx);
  view.setUint16(7, format.heightPx);
  view.setFloat64(9, format.fps);
  view.setUint16(17, format.sps.length);
  bytes.set(format.sps, 19);
  view.setUint16(19 + format.sps.length, format.pps.length);
  bytes.set(format.pps, 21 + format.sps.length);
  return bytes;
}

function encodeAccessUnit(unit: AccessUnit): Uint8Array {
  const bytes = new Uint8Array(5 + ACCESS_UNIT_HEADER_BYTES + unit.data.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(4, KIND_ACCESS_UNIT);
  view.setUint8(5, unit.isKeyframe ? 1 : 0);
  const { capturedUs, decodedUs, pairedUs, composedUs, encodedUs } = unit.times;
  [unit.ptsTicks, capturedUs, decodedUs, pairedUs, composedUs, encodedUs].forEach((value, index) =>
    view.setFloat64(6 + index * 8, value),
  );
  bytes.set(unit.data, 5 + ACCESS_UNIT_HEADER_BYTES);
  return bytes;
}

/** Cuts a byte pipe into StreamItems. The `data` of an item is a copy that the caller may keep. */
export class StreamItemParser {
  #chunks: Uint8Array[] = [];
  #size = 0;

  /**
   * @param chunk any cut of the pipe
   * @throws RangeError on a length or a kind that no encoder of ours writes; the pipe is then useless
   */
  push(chunk: Uint8Array): StreamItem[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const items: StreamItem[] = [];
    for (;;) {
      const length = this.#peekLength();
      if (length === undefined || this.#size < 4 + length) return items;
      items.push(decodeItem(this.#take(4 + length).subarray(4)));
    }
  }

  #peekLength(): number | undefined {
    if (this.#size < 4) return undefined;
    const head = (this.#chunks[0]?.length ?? 0) >= 4 ? this.#chunks[0]! : this.#merge();
    const length = new DataView(head.buffer, head.byteOffset, 4).getUint32(0);
    if (length < 1 || length > MAX_ITEM_BYTES) throw new RangeError(`a stream item cannot have ${length} bytes`);
    return length;
  }

  #merge(): Uint8Array {
    const all = new Uint8Array(this.#size);
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks = [all];
    return all;
  }

  #take(bytes: number): Uint8Array {
    const all = this.#merge();
    this.#chunks = all.length > bytes ? [all.subarray(bytes)] : [];
    this.#size -= bytes;
    return all.slice(0, bytes);
  }
}

function decodeItem(bytes: Uint8Array): StreamItem {
  const kind = bytes[0];
  if (kind === KIND_FORMAT) return { kind: 'format', format: decodeFormat(bytes) };
  if (kind === KIND_ACCESS_UNIT) return { kind: 'access-unit', unit: decodeAccessUnit(bytes) };
  throw new RangeError(`unknown stream item kind ${kind}`);
}

function decodeFormat(bytes: Uint8Array): StreamFormat {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const spsLength = view.getUint16(13);
  const ppsLength = view.getUint16(15 + spsLength);
  if (bytes.length !== 17 + spsLength + ppsLength) throw new RangeError('a format item has the wrong length');
  return {
    codec: 'h264',
    widthPx: view.getUint16(1),
    heightPx: view.getUint16(3),
    fps: view.getFloat64(5),
    sps: bytes.slice(15, 15 + spsLength),
    pps: bytes.slice(17 + spsLength),
  };
}

function decodeAccessUnit(bytes: Uint8Array): AccessUnit {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const number = (index: number): number => view.getFloat64(2 + index * 8);
  return {
    isKeyframe: (view.getUint8(1) & 1) === 1,
    ptsTicks: number(0),
    times: {
      capturedUs: number(1),
      decodedUs: number(2),
      pairedUs: number(3),
      composedUs: number(4),
      encodedUs: number(5),
    },
    data: bytes.slice(1 + ACCESS_UNIT_HEADER_BYTES),
  };
}
