/** What the head of an FLV stream says about its video. */
export interface FlvFormat {
  /** NAL unit, without start code. */
  readonly sps: Uint8Array;
  readonly pps: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly fps: number;
}

/** Bytes of a tag around its body: header before, size after (Adobe FLV 10.1, E.3, E.4.1). */
export const FLV_TAG_OVERHEAD_BYTES = 11 + 4;
/** Bytes before the AVCC data in the body of a video tag (E.4.3). */
export const FLV_AVC_HEADER_BYTES = 5;

const VIDEO_TAG = 9;
const SCRIPT_TAG = 18;
const AVC = 7;
const KEYFRAME = 1 << 4;
const INTERFRAME = 2 << 4;

/** "FLV", version 1, video only, and the size of the tag before the first, which is none (E.2). */
export function flvFileHeader(): Uint8Array {
  return Uint8Array.of(0x46, 0x4c, 0x56, 1, 1, 0, 0, 0, 9, 0, 0, 0, 0);
}

/** The onMetaData tag (E.5): size and rate, for players that show them before the first picture. */
export function flvMetadataTag(format: FlvFormat, timestampMs: number): Uint8Array {
  const fields: [string, number][] = [
    ['width', format.widthPx],
    ['height', format.heightPx],
    ['framerate', format.fps],
    ['videocodecid', AVC],
  ];
  const body = [
    ...amfString('onMetaData', true),
    // ECMA array with its count, as ffmpeg and players of old write it; ends with an empty name and 9.
    ...[8, 0, 0, 0, fields.length],
    ...fields.flatMap(([name, value]) => [...amfString(name, false), ...amfNumber(value)]),
    ...[0, 0, 9],
  ];
  return tag(SCRIPT_TAG, timestampMs, Uint8Array.from(body));
}

/** The tag with the AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1), which stands before the pictures. */
export function flvSequenceTag(format: FlvFormat, timestampMs: number): Uint8Array {
  const { sps, pps } = format;
  if (sps.length < 4) throw new RangeError('a sequence parameter set has at least 4 bytes');
  const record = new Uint8Array(FLV_AVC_HEADER_BYTES + 11 + sps.length + pps.length);
  record.set([
    KEYFRAME | AVC,
    0,
    0,
    0,
    0,
    1,
    sps[1]!,
    sps[2]!,
    sps[3]!,
    0xff,
    0xe1,
    sps.length >> 8,
    sps.length & 0xff,
  ]);
  record.set(sps, 13);
  record.set([1, pps.length >> 8, pps.length & 0xff], 13 + sps.length);
  record.set(pps, 16 + sps.length);
  return tag(VIDEO_TAG, timestampMs, record);
}

/**
 * A picture as a video tag in one new buffer.
 * @param data AVCC with 4-byte lengths
 * @param timestampMs decoding and presentation time; the upper 8 of its 32 bits are kept, so it wraps after 49 days
 */
export function flvPictureTag(data: Uint8Array, isKeyframe: boolean, timestampMs: number): Uint8Array {
  const bytes = new Uint8Array(FLV_TAG_OVERHEAD_BYTES + FLV_AVC_HEADER_BYTES + data.length);
  writeTagFrame(bytes, VIDEO_TAG, timestampMs);
  bytes[11] = (isKeyframe ? KEYFRAME : INTERFRAME) | AVC;
  bytes[12] = 1;
  bytes.set(data, 11 + FLV_AVC_HEADER_BYTES);
  return bytes;
}

function tag(type: number, timestampMs: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FLV_TAG_OVERHEAD_BYTES + body.length);
  writeTagFrame(bytes, type, timestampMs);
  bytes.set(body, 11);
  return bytes;
}

function writeTagFrame(bytes: Uint8Array, type: number, timestampMs: number): void {
  const view = new DataView(bytes.buffer);
  const size = bytes.length - FLV_TAG_OVERHEAD_BYTES;
  if (size > 0xff_ffff) throw new RangeError('an FLV tag has at most 16 MiB');
  view.setUint32(0, size);
  view.setUint8(0, type);
  view.setUint32(4, (timestampMs & 0xff_ffff) << 8);
  view.setUint8(7, (timestampMs >>> 24) & 0xff);
  view.setUint32(bytes.length - 4, size + 11);
}

function amfString(text: string, isTyped: boolean): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...(isTyped ? [2] : []), bytes.length >> 8, bytes.length & 0xff, ...bytes];
}

function amfNumber(value: number): number[] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return [0, ...new Uint8Array(view.buffer)];
}
