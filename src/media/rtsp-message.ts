import { RtspHeaders } from './rtsp-headers.ts';

export { RtspHeaders };

/** One thing on an RTSP connection: a request, a reply, or a packet interleaved with them (RFC 2326 §6, §7, §10.12). */
export type RtspMessage = RtspRequest | RtspResponse | RtspInterleaved;

/** A request. `version` is "1.0" for all that is known to be in use. */
export interface RtspRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly version: string;
  readonly headers: RtspHeaders;
  readonly body: Uint8Array;
}

/** A reply, or what a server sends in its place. */
export interface RtspResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly version: string;
  readonly headers: RtspHeaders;
  readonly body: Uint8Array;
}

/** A packet of RTP or RTCP inside the connection. */
export interface RtspInterleaved {
  readonly kind: 'interleaved';
  readonly channel: number;
  readonly data: Uint8Array;
}

/** Largest head of a message, start line included, in bytes. */
export const MAX_HEAD_BYTES = 32 * 1024;
/** Largest body in bytes; SDP of cameras is below 4 KiB. */
export const MAX_BODY_BYTES = 256 * 1024;
/** Most header fields of one message. */
export const MAX_HEADER_FIELDS = 128;

const DOLLAR = 0x24;
const LF = 0x0a;
const CR = 0x0d;
const EMPTY = new Uint8Array(0);
const decoder = new TextDecoder();
const encoder = new TextEncoder();

type Head = Omit<RtspRequest, 'body'> | Omit<RtspResponse, 'body'>;

/** Cuts the bytes of one RTSP connection, of either side, into messages. Holds at most one unfinished message. */
export class RtspParser {
  #pending: Uint8Array = EMPTY;
  #head: Head | undefined;
  #bodyBytes = 0;

  /**
   * Packets that a camera puts between the head and the body of a reply come out before that reply.
   * `data` and `body` alias `chunk` or a buffer of the parser that is never written again.
   * @param chunk any cut of the stream
   * @throws RangeError for what is not RTSP or is too large; the connection is lost then, since nothing says where the next
   * message begins
   */
  push(chunk: Uint8Array): RtspMessage[] {
    const bytes = this.#pending.length === 0 ? chunk : joined(this.#pending, chunk);
    const messages: RtspMessage[] = [];
    let at = 0;
    for (;;) {
      const end = this.#next(bytes, at, messages);
      if (end === at) break;
      at = end;
    }
    this.#pending = at === bytes.length ? EMPTY : bytes.subarray(at);
    return messages;
  }

  /** Reads one item at `at`. @returns where the next one begins, or `at` when bytes are missing */
  #next(bytes: Uint8Array, at: number, messages: RtspMessage[]): number {
    const first = bytes[at];
    if (first === undefined) return this.#finish(bytes, at, messages);
    // No body in use starts with a dollar sign: SDP starts with "v=", parameters with a name.
    if (first === DOLLAR) return readInterleaved(bytes, at, messages);
    if (this.#head !== undefined) return this.#finish(bytes, at, messages);
    if (first === CR || first === LF) return at + 1;
    const end = headEnd(bytes, at);
    if (end === undefined) {
      if (bytes.length - at > MAX_HEAD_BYTES) throw new RangeError('the head of an RTSP message is too large');
      assertLooksLikeRtsp(bytes, at);
      return at;
    }
    this.#head = parseHead(decoder.decode(bytes.subarray(at, end)));
    this.#bodyBytes = contentLength(this.#head.headers);
    return this.#bodyBytes === 0 ? this.#finish(bytes, end, messages) : end;
  }

  #finish(bytes: Uint8Array, at: number, messages: RtspMessage[]): number {
    if (this.#head === undefined || bytes.length - at < this.#bodyBytes) return at;
    const end = at + this.#bodyBytes;
    messages.push({ ...this.#head, body: bytes.subarray(at, end) });
    this.#head = undefined;
    this.#bodyBytes = 0;
    return end;
  }
}

/** Bytes of a request; `Content-Length` is added when there is a body. */
export function formatRequest(method: string, uri: string, headers: RtspHeaders, body: Uint8Array = EMPTY): Uint8Array {
  if (!/^[A-Z_]+$/.test(method)) throw new RangeError('a method is written in capital letters');
  // oxlint-disable-next-line no-control-regex -- an address with a line break would smuggle headers
  if (/[\u0000-\u0020\u007f]/.test(uri)) throw new RangeError('an address has spaces or control characters');
  return formatMessage(`${method} ${uri} RTSP/1.0`, headers, body);
}

/** Bytes of a reply; `Content-Length` is added when there is a body. */
export function formatResponse(
  status: number,
  reason: string,
  headers: RtspHeaders,
  body: Uint8Array = EMPTY,
): Uint8Array {
  return formatMessage(`RTSP/1.0 ${status} ${reason.replaceAll(/[\r\n]/g, ' ')}`, headers, body);
}

/** Bytes of a packet inside the connection. @param channel 0 … 255 @param data at most 65,535 bytes */
export function formatInterleaved(channel: number, data: Uint8Array): Uint8Array {
  if (data.length > 0xffff) throw new RangeError('an interleaved packet has at most 65535 bytes');
  const bytes = new Uint8Array(4 + data.length);
  bytes[0] = DOLLAR;
  bytes[1] = channel;
  bytes[2] = data.length >> 8;
  bytes[3] = data.length & 0xff;
  bytes.set(data, 4);
  return bytes;
}

function formatMessage(startLine: string, headers: RtspHeaders, body: Uint8Array): Uint8Array {
  const fields = headers.entries().filter(([name]) => name.toLowerCase() !== 'content-length');
  if (body.length > 0) fields.push(['Content-Length', String(body.length)]);
  const head = encoder.encode(`${startLine}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  return body.length === 0 ? head : joined(head, body);
}

function readInterleaved(bytes: Uint8Array, at: number, messages: RtspMessage[]): number {
  const channel = bytes[at + 1];
  const high = bytes[at + 2];
  const low = bytes[at + 3];
  if (channel === undefined || high === undefined || low === undefined) return at;
  const end = at + 4 + high * 256 + low;
  if (end > bytes.length) return at;
  messages.push({ kind: 'interleaved', channel, data: bytes.subarray(at + 4, end) });
  return end;
}

/** Where the empty line after the head ends; line breaks of LF alone are accepted too. */
function headEnd(bytes: Uint8Array, from: number): number | undefined {
  const limit = Math.min(bytes.length, from + MAX_HEAD_BYTES);
  for (let at = bytes.indexOf(LF, from); at !== -1 && at < limit; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return undefined;
}

/** A start line has printable characters only; binary rubbish is seen at once, not after 32 KiB. */
function assertLooksLikeRtsp(bytes: Uint8Array, from: number): void {
  for (let at = from; at < Math.min(bytes.length, from + 16); at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === CR || byte === LF) return;
    if (byte < 0x20 || byte > 0x7e) throw new RangeError('the bytes are not RTSP');
  }
}

function parseHead(text: string): Head {
  const [startLine = '', ...lines] = text.split(/\r?\n/);
  const headers = new RtspHeaders();
  for (const line of unfolded(lines)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim();
    const value = line.slice(colon + 1).trim();
    // Cameras send stray lines; what cannot be a field is worth less than the stream.
    if (RtspHeaders.canHold(name, value)) headers.append(name, value);
  }
  const response = /^RTSP\/(\d\.\d) +(\d{3})(?: +(.*))?$/.exec(startLine);
  if (response !== null) {
    const [, version = '', status = '', reason = ''] = response;
    return { kind: 'response', status: Number(status), reason: reason.trim(), version, headers };
  }
  const request = /^([A-Z_]+) +(\S+) +RTSP\/(\d\.\d) *$/.exec(startLine);
  if (request === null) throw new RangeError('the start line is neither an RTSP request nor a reply');
  const [, method = '', uri = '', version = ''] = request;
  return { kind: 'request', method, uri, version, headers };
}

/** Joins continuation lines, which begin with a space, to their field (RFC 2326 §4.2). */
function unfolded(lines: readonly string[]): string[] {
  const fields: string[] = [];
  for (const line of lines) {
    if (line === '') continue;
    if (/^[ \t]/.test(line) && fields.length > 0) fields[fields.length - 1] += ` ${line.trim()}`;
    else fields.push(line);
  }
  if (fields.length > MAX_HEADER_FIELDS) throw new RangeError('an RTSP message has too many header fields');
  return fields;
}

function contentLength(headers: RtspHeaders): number {
  const text = headers.get('content-length');
  if (text === undefined) return 0;
  if (!/^\d{1,9}$/.test(text)) throw new RangeError('Content-Length is not a number');
  const length = Number(text);
  if (length > MAX_BODY_BYTES) throw new RangeError('the body of an RTSP message is too large');
  return length;
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}
