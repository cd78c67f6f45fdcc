import type { Socket } from 'node:net';
import {
  formatResponse,
  RtspHeaders,
  RtspParser,
  type RtspMessage,
  type RtspRequest,
} from '../../media/rtsp-message.ts';
import type { RtspContext } from './context.ts';
import { reasonOf, reply, type RtspReply } from './reply.ts';
import { RequestHandler } from './request-handler.ts';
import { InterleavedTransport, type RtpTransport } from './rtp-transport.ts';

/** Requests of one connection that may wait for the one before. */
const MAX_WAITING_REQUESTS = 16;

/** How long a client may take to read the last bytes before its connection is cut. */
const CLOSE_GRACE_MS = 500;

/** One TCP connection of an RTSP client. It owns the socket and the sessions that are interleaved in it. */
export class RtspConnection {
  readonly #context: RtspContext;
  readonly #socket: Socket;
  readonly #handler: RequestHandler;
  readonly #parser = new RtspParser();
  readonly #waiting: RtspRequest[] = [];
  readonly #closed: Promise<void>;
  #isHandling = false;
  #seenUs: number;
  readonly #nowUs: () => number;

  constructor(
    context: RtspContext,
    socket: Socket,
    nowUs: () => number,
    onClosed: (connection: RtspConnection) => void,
  ) {
    this.#context = context;
    this.#socket = socket;
    this.#nowUs = nowUs;
    this.#seenUs = nowUs();
    this.#handler = new RequestHandler(context, socket);
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#leave();
        onClosed(this);
        resolve();
      });
    });
    socket.setNoDelay(true);
    // A client whose machine is gone while nothing is sent is noticed by TCP itself.
    socket.setKeepAlive(true, 30_000);
    socket.on('data', (chunk) => this.#take(chunk));
    // 'close' follows and does what is to be done.
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
  }

  /** True when the transport's packets travel in this connection. */
  carries(transport: RtpTransport): boolean {
    return transport instanceof InterleavedTransport && transport.socket === this.#socket;
  }

  /** Cuts a connection that holds no session and asks for nothing. */
  tick(idleUs: number): void {
    if (this.#isHandling || this.#handler.interleavedSessions().length > 0) return;
    if (this.#nowUs() - this.#seenUs > idleUs) this.#socket.destroy();
  }

  /** Ends the sessions of this connection and the connection. Safe to call twice. */
  async close(reason: string): Promise<void> {
    for (const session of this.#handler.interleavedSessions()) session.close(reason);
    if (this.#socket.destroyed) return this.#closed;
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    await this.#closed;
    clearTimeout(timer);
  }

  #take(chunk: Uint8Array): void {
    this.#seenUs = this.#nowUs();
    let messages: RtspMessage[];
    try {
      messages = this.#parser.push(chunk);
    } catch {
      // Not RTSP: nothing says where a next request would begin.
      this.#send(reply(400, {}, { closes: true }), undefined);
      return;
    }
    for (const message of messages) {
      if (message.kind === 'interleaved') this.#takeControl(message.channel);
      else if (message.kind === 'request') this.#waiting.push(message);
    }
    if (this.#waiting.length > MAX_WAITING_REQUESTS) this.#socket.destroy();
    else if (!this.#isHandling) void this.#handleWaiting();
  }

  async #handleWaiting(): Promise<void> {
    this.#isHandling = true;
    for (let request = this.#waiting.shift(); request !== undefined; request = this.#waiting.shift()) {
      await this.#handleOne(request);
    }
    this.#isHandling = false;
  }

  async #handleOne(request: RtspRequest): Promise<void> {
    const sequence = request.headers.get('cseq');
    if (sequence === undefined || !/^\d{1,10}$/.test(sequence.trim())) return this.#send(reply(400), undefined);
    try {
      await this.#handler.handle(request, (answer) => this.#send(answer, sequence));
    } catch (err) {
      this.#context.log.error('rtsp request failed', { err });
      this.#send(reply(503), sequence);
    }
  }

  #send(answer: RtspReply, sequence: string | undefined): void {
    if (!this.#socket.writable) return;
    const headers = new RtspHeaders({ ...(sequence === undefined ? {} : { CSeq: sequence }), Server: 'Seamline' });
    for (const [name, value] of answer.headers.entries()) headers.append(name, value);
    if (answer.closes) headers.set('Connection', 'close');
    this.#socket.write(formatResponse(answer.status, reasonOf(answer.status), headers, answer.body));
    if (answer.closes) void this.close('the connection was refused');
  }

  /** Receiver reports over the connection; what they say is not needed, that they come is. */
  #takeControl(channel: number): void {
    for (const session of this.#handler.interleavedSessions()) {
      const { transport } = session;
      if (transport instanceof InterleavedTransport && transport.rtcpChannel === channel) session.touch();
    }
  }

  #leave(): void {
    this.#handler.leave();
    this.#waiting.length = 0;
  }
}
