import { PassThrough, type Readable } from 'node:stream';

/** Bytes that may wait for a slow client; beyond it events are left out, the next one holds the whole state anyway. */
const MAX_WAITING_BYTES = 256 * 1024;
/** Shortest pause between two events, ms. */
const MIN_PAUSE_MS = 100;
/** A comment keeps proxies from closing a quiet stream, ms. */
const HEARTBEAT_MS = 15_000;

/** Server-sent events (WHATWG HTML, 9.2), each with the whole current state: nothing is lost when some are left out. */
export class EventStream {
  readonly stream: Readable;
  readonly #out = new PassThrough();
  readonly #state: () => { readonly event: string; readonly data: unknown };
  readonly #heartbeat: NodeJS.Timeout;
  #pause: NodeJS.Timeout | undefined;
  #isDue = false;

  /**
   * @param state what the next event says
   * @param onEnd called once when the client has left or `end` was called
   */
  constructor(state: () => { readonly event: string; readonly data: unknown }, onEnd: () => void) {
    this.#state = state;
    this.stream = this.#out;
    this.#heartbeat = setInterval(() => this.#write(':\n\n'), HEARTBEAT_MS);
    this.#heartbeat.unref();
    this.#out.once('close', () => {
      clearInterval(this.#heartbeat);
      clearTimeout(this.#pause);
      onEnd();
    });
    this.#out.on('error', () => undefined);
    // EventSource waits this long before it connects again.
    this.#write('retry: 2000\n\n');
    this.notify();
  }

  /** Something changed: an event now, or after the pause that the last one began. */
  notify(): void {
    if (this.#pause !== undefined) {
      this.#isDue = true;
      return;
    }
    const { event, data } = this.#state();
    this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (!this.#isDue) return;
      this.#isDue = false;
      this.notify();
    }, MIN_PAUSE_MS);
  }

  /** Sends a last event and closes the stream. */
  end(event: string, data: unknown): void {
    this.#out.end(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #write(text: string): void {
    if (this.#out.writableEnded || this.#out.writableLength + this.#out.readableLength > MAX_WAITING_BYTES) return;
    this.#out.write(text);
  }
}
