import type { CameraTransport } from '../contract/job-spec.ts';

/** What a camera grants in its `Transport` header (RFC 2326 §12.39). */
export interface GrantedTransport {
  /** Channels of RTP and RTCP inside the connection. */
  readonly channels: readonly [number, number] | undefined;
  /** The camera's UDP ports. */
  readonly serverPorts: readonly [number, number] | undefined;
}

/** `Transport` value of a SETUP. @param rtpPort our even port, for UDP */
export function requestedTransport(transport: CameraTransport, rtpPort: number): string {
  return transport === 'tcp'
    ? 'RTP/AVP/TCP;unicast;interleaved=0-1'
    : `RTP/AVP;unicast;client_port=${rtpPort}-${rtpPort + 1}`;
}

/** Reads the reply to a SETUP; cameras may choose other channels than they were asked for. */
export function grantedTransport(value: string): GrantedTransport {
  return { channels: pair(value, 'interleaved', 255), serverPorts: pair(value, 'server_port', 65_535) };
}

/** Session and its timeout in s (RFC 2326 §12.37); 60 when the camera names none. */
export function grantedSession(value: string): { readonly id: string; readonly timeoutS: number } {
  const [id = '', ...parameters] = value.split(';').map((part) => part.trim());
  const timeout = parameters
    .map((part) => /^timeout\s*=\s*(\d{1,6})$/i.exec(part)?.[1])
    .find((text) => text !== undefined);
  return { id, timeoutS: Math.max(1, Number(timeout ?? 60)) };
}

function pair(value: string, name: string, largest: number): readonly [number, number] | undefined {
  const match = new RegExp(String.raw`(?:^|[;\s])${name}\s*=\s*(\d{1,5})(?:-(\d{1,5}))?`, 'i').exec(value);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const second = match[2] === undefined ? first + 1 : Number(match[2]);
  return first <= largest && second <= largest ? [first, second] : undefined;
}
