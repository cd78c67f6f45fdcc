import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { withDeadline } from '../../src/common/deadline.ts';
import { formatRequest, RtspHeaders, RtspParser, type RtspMessage } from '../../src/media/rtsp-message.ts';

type Response = Extract<RtspMessage, { kind: 'response' }>;
type Interleaved = Extract<RtspMessage, { kind: 'interleaved' }>;

/** A client that sends what a test wants and keeps everything that comes, in order. */
export class RtspTestClient {
  readonly messages: RtspMessage[] = [];
  readonly socket: Socket;
  readonly #packets = new Map<number, Interleaved[]>();
  readonly #parser = new RtspParser();
  readonly #url: string;
  #sequence = 0;
  #changed = (): void => undefined;

  private constructor(socket: Socket, url: string) {
    this.socket = socket;
    this.#url = url;
    socket.on('data', (chunk) => {
      for (const message of this.#parser.push(chunk)) {
        this.messages.push(message);
        if (message.kind === 'interleaved') this.packets(message.channel).push(message);
      }
      this.#changed();
    });
    socket.on('close', () => this.#changed());
    socket.on('error', () => undefined);
  }

  static async connect(port: number, path = 'live', host = '127.0.0.1'): Promise<RtspTestClient> {
    const socket = connect({ host, port });
    await once(socket, 'connect');
    const literal = host.includes(':') ? `[${host}]` : host;
    return new RtspTestClient(socket, `rtsp://${literal}:${port}/${path}`);
  }

  get url(): string {
    return this.#url;
  }

  /** Waits until `find` gives something over all that has come. */
  async until<T>(find: () => T | undefined, what: string, ms = 5000): Promise<T> {
    const found = new Promise<T>((resolve) => {
      this.#changed = () => {
        const value = find();
        if (value !== undefined) resolve(value);
      };
      this.#changed();
    });
    return withDeadline(found, ms, what);
  }

  /** Sends a request. @returns its answer */
  async request(method: string, uri = this.#url, headers: Record<string, string> = {}, body = ''): Promise<Response> {
    const sequence = String((this.#sequence += 1));
    const fields = new RtspHeaders({ CSeq: sequence, ...headers });
    this.socket.write(formatRequest(method, uri, fields, new TextEncoder().encode(body)));
    const isAnswer = (message: RtspMessage): message is Response =>
      message.kind === 'response' && message.headers.get('cseq') === sequence;
    return this.until(() => this.messages.find(isAnswer), `the answer to ${method}`);
  }

  /** SETUP of the track. */
  setup(transport: string, session?: string): Promise<Response> {
    const headers = { Transport: transport, ...(session === undefined ? {} : { Session: session }) };
    return this.request('SETUP', `${this.#url}/trackID=0`, headers);
  }

  /** SETUP over TCP and PLAY. @returns the session's id and the answer to PLAY */
  async play(channels = '0-1'): Promise<{ session: string; answer: Response }> {
    const setup = await this.setup(`RTP/AVP/TCP;unicast;interleaved=${channels}`);
    const session = sessionOf(setup);
    return { session, answer: await this.request('PLAY', this.#url, { Session: session }) };
  }

  /** What came on a channel; the list grows. */
  packets(channel: number): Interleaved[] {
    const packets = this.#packets.get(channel) ?? [];
    this.#packets.set(channel, packets);
    return packets;
  }

  async closed(ms = 5000): Promise<void> {
    await this.until(() => (this.socket.destroyed ? true : undefined), 'the end of the connection', ms);
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Session id of an answer. */
export function sessionOf(response: Response): string {
  return response.headers.get('session')?.split(';')[0] ?? '';
}
