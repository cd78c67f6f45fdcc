/** A transport that a client asks for and this server has. */
export type TransportRequest =
  | { readonly kind: 'tcp'; readonly channels: readonly [number, number] | undefined }
  | { readonly kind: 'udp'; readonly ports: readonly [number, number] };

/** Most alternatives that are looked at. */
const MAX_ALTERNATIVES = 16;

/**
 * The first alternative of a Transport header (RFC 2326 §12.39) that can be served: unicast RTP/AVP, played, interleaved
 * or by UDP. A `destination` is ignored: data goes to whoever asked.
 * @returns undefined when none can be served, which is answered with 461
 */
export function chooseTransport(header: string): TransportRequest | undefined {
  for (const alternative of header.split(',').slice(0, MAX_ALTERNATIVES)) {
    const request = parseAlternative(alternative);
    if (request !== undefined) return request;
  }
  return undefined;
}

function parseAlternative(text: string): TransportRequest | undefined {
  const [spec = '', ...parts] = text.split(';').map((part) => part.trim());
  const parameters = new Map(
    parts.map((part) => {
      const [name = '', value = ''] = part.split('=', 2);
      return [name.toLowerCase(), value.replaceAll('"', '')];
    }),
  );
  if (parameters.has('multicast')) return undefined;
  const mode = parameters.get('mode');
  if (mode !== undefined && mode.toLowerCase() !== 'play') return undefined;
  switch (spec.toUpperCase()) {
    case 'RTP/AVP/TCP': {
      const interleaved = parameters.get('interleaved');
      if (interleaved === undefined) return { kind: 'tcp', channels: undefined };
      const channels = parsePair(interleaved, 255);
      return channels === undefined ? undefined : { kind: 'tcp', channels };
    }
    case 'RTP/AVP':
    case 'RTP/AVP/UDP': {
      const ports = parsePair(parameters.get('client_port') ?? '', 65_535);
      return ports === undefined || ports[0] === 0 ? undefined : { kind: 'udp', ports };
    }
    default:
      return undefined;
  }
}

/** "4-5" or "4", which means the next number for the second. */
function parsePair(text: string, max: number): readonly [number, number] | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const second = match[2] === undefined ? first + 1 : Number(match[2]);
  return first > max || second > max || first === second ? undefined : [first, second];
}
