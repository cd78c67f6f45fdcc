import type { StreamFormat } from '../../contract/access-unit.ts';
import { TRACK_CONTROL } from './request-target.ts';

/** RTP payload type of the panorama, the first dynamic one (RFC 3551 §6). */
export const H264_PAYLOAD_TYPE = 96;

/** What a description says beside the format. */
export interface DescriptionOptions {
  /** Address of this server as the client reached it. */
  readonly address: string;
  /** Number that identifies this description (RFC 4566 §5.2). */
  readonly id: number;
}

/**
 * SDP of a stream (RFC 4566, RFC 6184 §8.2.1). `framesize` and `x-dimensions` are for clients that make their picture
 * before the first parameter set; `range` marks it as live the way live555's own server does.
 */
export function describeStream(format: StreamFormat, options: DescriptionOptions): string {
  const family = options.address.includes(':') ? 'IP6' : 'IP4';
  const level = [...format.sps.subarray(1, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const sets = `${base64(format.sps)},${base64(format.pps)}`;
  const lines = [
    'v=0',
    `o=- ${options.id} 1 IN ${family} ${options.address}`,
    's=Seamline',
    `c=IN ${family} ${family === 'IP6' ? '::' : '0.0.0.0'}`,
    't=0 0',
    'a=tool:seamline',
    'a=type:broadcast',
    'a=control:*',
    'a=range:npt=0-',
    `m=video 0 RTP/AVP ${H264_PAYLOAD_TYPE}`,
    `a=rtpmap:${H264_PAYLOAD_TYPE} H264/90000`,
    `a=fmtp:${H264_PAYLOAD_TYPE} packetization-mode=1;profile-level-id=${level.toUpperCase()};sprop-parameter-sets=${sets}`,
    `a=framerate:${Number(format.fps.toFixed(3))}`,
    `a=framesize:${H264_PAYLOAD_TYPE} ${format.widthPx}-${format.heightPx}`,
    `a=x-dimensions:${format.widthPx},${format.heightPx}`,
    `a=control:${TRACK_CONTROL}`,
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
