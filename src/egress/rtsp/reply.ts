import { RtspHeaders } from '../../media/rtsp-message.ts';

/** Reasons of the status codes that this server uses (RFC 2326 §7.1.1). */
const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  451: 'Parameter Not Understood',
  453: 'Not Enough Bandwidth',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  461: 'Unsupported Transport',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  505: 'RTSP Version Not Supported',
  551: 'Option Not Supported',
};

/** An answer before `CSeq` and `Server` are added. */
export interface RtspReply {
  readonly status: number;
  readonly headers: RtspHeaders;
  readonly body: Uint8Array;
  /** The connection is closed after this answer. */
  readonly closes: boolean;
}

/** Builds an answer. */
export function reply(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  options: { readonly body?: string; readonly closes?: boolean } = {},
): RtspReply {
  return {
    status,
    headers: new RtspHeaders(headers),
    body: new TextEncoder().encode(options.body ?? ''),
    closes: options.closes ?? false,
  };
}

/** The words for a status. */
export function reasonOf(status: number): string {
  return REASONS[status] ?? 'Error';
}
