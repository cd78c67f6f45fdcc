/** One media description of a session description (RFC 8866 §5.14). */
export interface SdpMedia {
  /** "video", "audio", "application", in lower case. */
  readonly kind: string;
  readonly port: number;
  /** "RTP/AVP", "RTP/AVP/TCP", "RTP/SAVP" … */
  readonly protocol: string;
  readonly payloadTypes: readonly number[];
  /** The `a=control` of RTSP (RFC 2326 §C.1.1). */
  readonly control: string | undefined;
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive' | undefined;
  readonly rtpMaps: ReadonlyMap<number, SdpRtpMap>;
  /** Parameters of `a=fmtp` by payload type; keys in lower case. */
  readonly formats: ReadonlyMap<number, ReadonlyMap<string, string>>;
  /** `a=framerate`, frames a second. */
  readonly frameRate: number | undefined;
}

/** `a=rtpmap`: what a payload type stands for. `codec` in upper case. */
export interface SdpRtpMap {
  readonly codec: string;
  readonly clockRate: number;
}

/** What an RTSP client needs of a session description. */
export interface SessionDescription {
  /** `a=control` of the session: the address that PLAY and TEARDOWN take. */
  readonly control: string | undefined;
  readonly media: readonly SdpMedia[];
}

const MAX_LINES = 2000;
const MAX_MEDIA = 32;

/** Payload types whose meaning is fixed (RFC 3551 §6), as far as cameras send them. */
const STATIC_TYPES: ReadonlyMap<number, SdpRtpMap> = new Map([
  [0, { codec: 'PCMU', clockRate: 8000 }],
  [8, { codec: 'PCMA', clockRate: 8000 }],
  [26, { codec: 'JPEG', clockRate: 90_000 }],
]);

interface OpenMedia {
  kind: string;
  port: number;
  protocol: string;
  payloadTypes: number[];
  control: string | undefined;
  direction: SdpMedia['direction'];
  rtpMaps: Map<number, SdpRtpMap>;
  formats: Map<number, Map<string, string>>;
  frameRate: number | undefined;
}

/**
 * Reads a session description leniently: unknown and broken lines are left out, since cameras send many.
 * @throws RangeError when it has no `v=` or `m=` line at all, or is unreasonably large
 */
export function parseSdp(text: string): SessionDescription {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.length > MAX_LINES) throw new RangeError('the session description has too many lines');
  const media: OpenMedia[] = [];
  let control: string | undefined;
  let isSdp = false;
  for (const line of lines) {
    const value = line.slice(2).trim();
    if (line.startsWith('v=')) isSdp = true;
    if (line.startsWith('m=')) {
      media.push(openMedia(value));
      if (media.length > MAX_MEDIA) throw new RangeError('the session description has too many media');
    }
    if (!line.startsWith('a=')) continue;
    const current = media.at(-1);
    if (current !== undefined) readMediaAttribute(current, value);
    else if (value.startsWith('control:')) control = value.slice(8).trim();
  }
  if (!isSdp && media.length === 0) throw new RangeError('the body is no session description');
  return { control, media };
}

/** The codec and clock rate of a medium's payload type, named or fixed by RFC 3551. */
export function rtpMapOf(media: SdpMedia, payloadType: number): SdpRtpMap | undefined {
  return media.rtpMaps.get(payloadType) ?? STATIC_TYPES.get(payloadType);
}

function openMedia(value: string): OpenMedia {
  const [kind = '', port = '', protocol = '', ...types] = value.split(/\s+/);
  return {
    kind: kind.toLowerCase(),
    port: Number.parseInt(port, 10) || 0,
    protocol: protocol.toUpperCase(),
    payloadTypes: types.filter((type) => /^\d{1,3}$/.test(type)).map(Number),
    control: undefined,
    direction: undefined,
    rtpMaps: new Map(),
    formats: new Map(),
    frameRate: undefined,
  };
}

function readMediaAttribute(media: OpenMedia, value: string): void {
  if (value === 'sendrecv' || value === 'sendonly' || value === 'recvonly' || value === 'inactive') {
    media.direction = value;
    return;
  }
  const colon = value.indexOf(':');
  if (colon < 1) return;
  const rest = value.slice(colon + 1).trim();
  switch (value.slice(0, colon).toLowerCase()) {
    case 'control':
      media.control = rest;
      break;
    case 'rtpmap':
      readRtpMap(media, rest);
      break;
    case 'fmtp':
      readFormat(media, rest);
      break;
    case 'framerate':
    case 'x-framerate': {
      const rate = Number.parseFloat(rest);
      if (rate > 0 && rate <= 1000) media.frameRate = rate;
      break;
    }
    default:
      break;
  }
}

function readRtpMap(media: OpenMedia, rest: string): void {
  const match = /^(\d{1,3})\s+([^/\s]+)\/(\d{1,9})/.exec(rest);
  if (match === null) return;
  const [, type = '', codec = '', rate = ''] = match;
  media.rtpMaps.set(Number(type), { codec: codec.toUpperCase(), clockRate: Number(rate) || 90_000 });
}

function readFormat(media: OpenMedia, rest: string): void {
  const match = /^(\d{1,3})\s+(.*)$/.exec(rest);
  if (match === null) return;
  const parameters = media.formats.get(Number(match[1])) ?? new Map<string, string>();
  for (const part of (match[2] ?? '').split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0) parameters.set(part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim());
  }
  media.formats.set(Number(match[1]), parameters);
}

/** Bytes of base64 as `sprop-parameter-sets` carry them; undefined when it is none. */
export function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text.trim()), (character) => character.charCodeAt(0));
  } catch {
    return undefined; // A broken parameter set in the SDP is no loss: cameras send them in-band too.
  }
}
