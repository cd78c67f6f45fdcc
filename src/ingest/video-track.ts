import { SeamlineError } from '../common/seamline-error.ts';
import { decodeBase64, rtpMapOf, type SdpMedia, type SessionDescription } from '../media/sdp.ts';
import type { VideoCodec } from '../media/video-codec.ts';

/** The one track of a camera that is played. */
export interface VideoTrack {
  readonly codec: VideoCodec;
  readonly payloadType: number;
  readonly clockRate: number;
  readonly control: string | undefined;
  /** Parameter sets of the session description, as NAL units; cameras may leave them out. */
  readonly parameterSets: readonly Uint8Array[];
  /** Frames a second as the session description says. */
  readonly frameRate: number | undefined;
}

const CODECS: Readonly<Record<string, VideoCodec>> = { H264: 'h264', H265: 'h265', HEVC: 'h265' };
const PARAMETER_KEYS = ['sprop-vps', 'sprop-sps', 'sprop-pps', 'sprop-parameter-sets'];

/**
 * The first H.264 or H.265 track that the camera sends; audio, metadata and backchannels are left alone.
 * @throws SeamlineError `source-unsupported` that names what the camera sends instead
 */
export function chooseVideoTrack(description: SessionDescription): VideoTrack {
  const videos = description.media.filter((media) => media.kind === 'video' && media.direction !== 'inactive');
  for (const media of videos) {
    const track = media.protocol.includes('SAVP') ? undefined : trackOf(media);
    if (track !== undefined) return track;
  }
  const kinds = description.media.map((media) => media.kind).slice(0, 4);
  if (videos.length === 0) {
    const found = kinds.length === 0 ? 'nothing' : `only ${kinds.join(', ')}`;
    throw new SeamlineError('source-unsupported', `the camera sends no video, ${found}`);
  }
  const names = videos.flatMap((media) =>
    media.payloadTypes.map((type) => rtpMapOf(media, type)?.codec ?? `type ${type}`),
  );
  const found = names
    .slice(0, 4)
    .join(', ')
    .replaceAll(/[^A-Z0-9 ,.+-]/gi, '?');
  throw new SeamlineError(
    'source-unsupported',
    `the camera sends ${found || 'an unknown format'}; set it to H.264 or H.265`,
  );
}

function trackOf(media: SdpMedia): VideoTrack | undefined {
  for (const payloadType of media.payloadTypes) {
    const map = rtpMapOf(media, payloadType);
    const codec = map === undefined ? undefined : CODECS[map.codec];
    if (map === undefined || codec === undefined) continue;
    const format = media.formats.get(payloadType);
    const parameterSets = PARAMETER_KEYS.flatMap((key) => (format?.get(key) ?? '').split(','))
      .map((text) => (text === '' ? undefined : decodeBase64(text)))
      .filter((nal) => nal !== undefined && nal.length > 2);
    return {
      codec,
      payloadType,
      clockRate: map.clockRate,
      control: media.control,
      parameterSets: parameterSets as Uint8Array[],
      frameRate: media.frameRate,
    };
  }
  return undefined;
}
