/** One FLV tag (Adobe FLV 10.1, E.4.1). `body` is a copy. */
export interface FlvTag {
  /** 8 audio, 9 video, 18 script data. */
  readonly type: number;
  readonly timestampMs: number;
  readonly body: Uint8Array;
}

const FILE_HEADER_BYTES = 9;
const TAG_HEADER_BYTES = 11;
const PREVIOUS_SIZE_BYTES = 4;

/** Cuts a growing FLV stream into tags. */
export class FlvReader {
  #rest: Uint8Array = new Uint8Array(0);
  #started = false;

  /**
   * @param chunk any cut of the stream
   * @throws RangeError when it does not begin as FLV does
   */
  push(chunk: Uint8Array): FlvTag[] {
    this.#rest = this.#rest.length === 0 ? chunk : concat(this.#rest, chunk);
    const tags: FlvTag[] = [];
    let at = 0;
    if (!this.#started) {
      if (this.#rest.length < FILE_HEADER_BYTES + PREVIOUS_SIZE_BYTES) return tags;
      if (this.#rest[0] !== 0x46 || this.#rest[1] !== 0x4c || this.#rest[2] !== 0x56) {
        throw new RangeError('the stream is not FLV');
      }
      at = FILE_HEADER_BYTES + PREVIOUS_SIZE_BYTES;
      this.#started = true;
    }
    const view = new DataView(this.#rest.buffer, this.#rest.byteOffset, this.#rest.length);
    while (this.#rest.length - at >= TAG_HEADER_BYTES) {
      const size = view.getUint32(at) & 0xffffff;
      const end = at + TAG_HEADER_BYTES + size + PREVIOUS_SIZE_BYTES;
      if (this.#rest.length < end) break;
      tags.push({
        type: view.getUint8(at) & 0x1f,
        timestampMs: ((view.getUint32(at + 4) >>> 8) | (view.getUint8(at + 7) << 24)) >>> 0,
        body: this.#rest.slice(at + TAG_HEADER_BYTES, at + TAG_HEADER_BYTES + size),
      });
      at = end;
    }
    this.#rest = this.#rest.subarray(at);
    return tags;
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** What an AVC video tag holds (FLV 10.1, E.4.3.1). */
export type AvcTag =
  | { readonly kind: 'configuration'; readonly sps: Uint8Array; readonly pps: Uint8Array }
  | { readonly kind: 'picture'; readonly isKeyframe: boolean; /** AVCC, 4-byte lengths. */ readonly data: Uint8Array };

/**
 * Reads the body of a video tag.
 * @returns undefined for tags that carry no picture (end of sequence)
 * @throws RangeError when it is not AVC or its configuration record is cut off
 */
export function parseAvcTag(body: Uint8Array): AvcTag | undefined {
  if (body.length < 5 || (body[0]! & 0x0f) !== 7) throw new RangeError('the video tag is not AVC');
  if (body[1] === 0) return parseConfiguration(body.subarray(5));
  if (body[1] !== 1) return undefined;
  return { kind: 'picture', isKeyframe: body[0]! >> 4 === 1, data: body.subarray(5) };
}

/** AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1.2): the first SPS and the first PPS. */
function parseConfiguration(record: Uint8Array): AvcTag {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const spsLength = view.getUint16(6);
  const ppsAt = 8 + spsLength + 1;
  const ppsLength = view.getUint16(ppsAt);
  if ((record[5]! & 0x1f) < 1 || (record[8 + spsLength] ?? 0) < 1 || record.length < ppsAt + 2 + ppsLength) {
    throw new RangeError('the AVC configuration record is cut off');
  }
  return {
    kind: 'configuration',
    sps: record.slice(8, 8 + spsLength),
    pps: record.slice(ppsAt + 2, ppsAt + 2 + ppsLength),
  };
}
