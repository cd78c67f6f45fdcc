import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { SeamlineError } from '../common/seamline-error.ts';
import {
  formatInterleaved,
  formatRequest,
  formatResponse,
  RtspHeaders,
  RtspParser,
  type RtspMessage,
  type RtspRequest,
  type RtspResponse,
} from '../media/rtsp-message.ts';

/** Where and how to connect. */
export interface ConnectionOptions {
  /** Checked IP address. */
  readonly address: string;
  readonly port: number;
  /** Host name as the user wrote it, for the certificate. */
  readonly host: string;
  readonly isTls: boolean;
  readonly verifyCertificate: boolean;
  readonly timeoutMs: number;
  /** Packets inside the connection. */
  readonly onInterleaved: (channel: number, data: Uint8Array) => void;
}

interface Pending {
  readonly cseq: string;
  readonly resolve: (response: RtspResponse) => void;
  readonly reject: (error: Error) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** A camera that makes us answer more than this without reading the answers is cut off. */
const MAX_UNREAD_BYTES = 64 * 1024;
const EMPTY_LINE = 'the connection was closed';

/** One RTSP connection as a client: requests with their replies, packets in between. Ends once, for one reason. */
export class RtspConnection {
  /** Resolves with the reason when the connection has ended; never rejects. */
  readonly ended: Promise<SeamlineError>;
  readonly #socket: Socket;
  readonly #parser = new RtspParser();
  readonly #onInterleaved: (channel: number, data: Uint8Array) => void;
  readonly #pending: Pending[] = [];
  #end: (reason: SeamlineError) => void = () => undefined;
  #reason: SeamlineError | undefined;
  #cseq = 0;

  private constructor(socket: Socket, onInterleaved: (channel: number, data: Uint8Array) => void) {
    this.#socket = socket;
    this.#onInterleaved = onInterleaved;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) => this.#finish(lost(error)));
    socket.on('close', () => this.#finish(new SeamlineError('source-unreachable', 'the camera closed the connection')));
  }

  /** @throws SeamlineError `source-unreachable` that says what happened */
  static async open(options: ConnectionOptions): Promise<RtspConnection> {
    const { address, port } = options;
    const socket = options.isTls
      ? connectTls({
          host: address,
          port,
          rejectUnauthorized: options.verifyCertificate,
          ...(isIP(options.host) === 0 ? { servername: options.host } : {}),
        })
      : connectTcp({ host: address, port });
    await new Promise<void>((resolve, reject) => {
      const fail = (error: SeamlineError): void => {
        clearTimeout(timer);
        socket.destroy();
        reject(error);
      };
      const timer = setTimeout(() => {
        const text = `the camera did not answer on port ${port} within ${options.timeoutMs} ms; check address and network`;
        fail(new SeamlineError('source-unreachable', text));
      }, options.timeoutMs);
      socket.once(options.isTls ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.once('error', (error) => fail(refused(error, port)));
    });
    socket.removeAllListeners('error');
    return new RtspConnection(socket, options.onInterleaved);
  }

  /** Address of the camera as the socket sees it. */
  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? '';
  }

  /**
   * Sends a request and waits for its reply, of any status.
   * @throws SeamlineError when the connection ends or no reply comes in time
   */
  request(method: string, uri: string, headers: RtspHeaders, timeoutMs: number): Promise<RtspResponse> {
    if (this.#reason !== undefined) return Promise.reject(this.#reason);
    this.#cseq += 1;
    const cseq = String(this.#cseq);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#forget(cseq);
        reject(new SeamlineError('source-unreachable', `the camera did not answer ${method} within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#pending.push({ cseq, resolve, reject, timer });
      this.#socket.write(formatRequest(method, uri, withSequence(cseq, headers)));
    });
  }

  /** Sends a packet inside the connection; dropped when the camera does not read. */
  sendInterleaved(channel: number, data: Uint8Array): void {
    if (this.#socket.writableLength < MAX_UNREAD_BYTES) this.#socket.write(formatInterleaved(channel, data));
  }

  /** Ends the connection at once. Safe to call twice. */
  close(): void {
    this.#finish(new SeamlineError('source-unreachable', EMPTY_LINE));
  }

  #onData(chunk: Uint8Array): void {
    if (this.#reason !== undefined) return;
    let messages: RtspMessage[];
    try {
      messages = this.#parser.push(chunk);
    } catch (cause) {
      const text = `the camera's answer is not RTSP: ${cause instanceof Error ? cause.message : 'it cannot be read'}`;
      this.#finish(new SeamlineError('source-protocol', text, { cause }));
      return;
    }
    for (const message of messages) {
      if (message.kind === 'interleaved') this.#onInterleaved(message.channel, message.data);
      else if (message.kind === 'response') this.#onResponse(message);
      else this.#onRequest(message);
    }
  }

  #onResponse(response: RtspResponse): void {
    const cseq = response.headers.get('CSeq');
    // Without a number, or with one that never was, the reply belongs to the oldest request.
    const pending = this.#pending.find((candidate) => candidate.cseq === cseq?.trim()) ?? this.#pending[0];
    if (pending === undefined) return;
    this.#forget(pending.cseq);
    pending.resolve(response);
  }

  /** Cameras may ask too (RFC 2326 §10); they get a reply so that they do not give up. */
  #onRequest(request: RtspRequest): void {
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) {
      this.#finish(new SeamlineError('source-protocol', 'the camera sends requests but reads no answers'));
      return;
    }
    const headers = withSequence(request.headers.get('CSeq') ?? '0', new RtspHeaders());
    const isKnown =
      request.method === 'OPTIONS' || request.method === 'SET_PARAMETER' || request.method === 'GET_PARAMETER';
    this.#socket.write(isKnown ? formatResponse(200, 'OK', headers) : formatResponse(501, 'Not Implemented', headers));
  }

  #forget(cseq: string): void {
    const index = this.#pending.findIndex((pending) => pending.cseq === cseq);
    const [pending] = index === -1 ? [] : this.#pending.splice(index, 1);
    clearTimeout(pending?.timer);
  }

  #finish(reason: SeamlineError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#socket.destroy();
    for (const pending of this.#pending.splice(0)) {
      clearTimeout(pending.timer);
      pending.reject(reason);
    }
    this.#end(reason);
  }
}

function withSequence(cseq: string, headers: RtspHeaders): RtspHeaders {
  const all = new RtspHeaders({ CSeq: cseq });
  for (const [name, value] of headers.entries()) all.append(name, value);
  return all;
}

function lost(error: NodeJS.ErrnoException): SeamlineError {
  return new SeamlineError('source-unreachable', `the connection to the camera broke (${error.code ?? 'error'})`, {
    cause: error,
  });
}

const CONNECT_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the connection timed out',
  ECONNRESET: 'the connection was reset',
};

function refused(error: NodeJS.ErrnoException, port: number): SeamlineError {
  const code = error.code ?? 'error';
  if (/CERT|SELF_SIGNED|ISSUER/.test(code)) {
    const text = `the camera's TLS certificate is not trusted (${code}); install its authority or allow it in the configuration`;
    return new SeamlineError('source-unreachable', text, { cause: error });
  }
  const text = `port ${port} of the camera: ${CONNECT_REASONS[code] ?? `cannot connect (${code})`}`;
  return new SeamlineError('source-unreachable', text, { cause: error });
}
