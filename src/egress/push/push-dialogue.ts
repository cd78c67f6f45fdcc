import type { Socket } from 'node:net';
import { RtspLogin } from '../../auth/rtsp-login.ts';
import { withDeadline } from '../../common/deadline.ts';
import type { SafeUrl } from '../../common/safe-url.ts';
import {
  formatRequest,
  RtspHeaders,
  RtspParser,
  type RtspMessage,
  type RtspResponse,
} from '../../media/rtsp-message.ts';
import { TRACK_CONTROL } from '../rtsp/request-target.ts';

const LEAVE_MS = 300;

/** The server said no. */
export class PushRefused extends Error {
  /** True when user or password were wrong or missing. */
  readonly isLogin: boolean;

  constructor(message: string, isLogin: boolean) {
    super(message);
    this.isLogin = isLogin;
  }
}

/** Requests and answers of one push over RTSP. */
export class PushDialogue {
  readonly #socket: Socket;
  readonly #url: string;
  readonly #login: RtspLogin;
  readonly #parser = new RtspParser();
  readonly #waiting = new Map<string, (answer: RtspResponse | undefined) => void>();
  readonly #answerMs: number;
  #sequence = 0;
  #session: string | undefined;
  #isLoggedIn = false;

  /** @param answerMs longest wait for an answer */
  constructor(socket: Socket, url: SafeUrl, answerMs: number) {
    this.#socket = socket;
    this.#answerMs = answerMs;
    this.#url = url.withoutCredentials;
    this.#login = new RtspLogin(url.hasCredentials ? { username: url.username, password: url.password } : undefined);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('close', () => {
      for (const resolve of this.#waiting.values()) resolve(undefined);
    });
  }

  /**
   * Opens a session to record into.
   * @param sdp description of the stream
   * @returns channels for RTP and RTCP
   * @throws PushRefused
   */
  async announce(sdp: string): Promise<readonly [number, number]> {
    await this.#request('ANNOUNCE', this.#url, { 'Content-Type': 'application/sdp' }, sdp);
    const track = `${this.#url.replace(/\/+$/, '')}/${TRACK_CONTROL}`;
    const setup = await this.#request('SETUP', track, { Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1;mode=record' });
    this.#session = setup.headers.get('session')?.split(';', 1)[0]?.trim();
    const channels = /interleaved=(\d{1,3})-(\d{1,3})/.exec(setup.headers.get('transport') ?? '');
    await this.#request('RECORD', this.#url, { Range: 'npt=0.000-' });
    return channels === null ? [0, 1] : [Number(channels[1]), Number(channels[2])];
  }

  /** Keeps the session; what the server answers does not matter. */
  keepAlive(): void {
    this.#send('OPTIONS', this.#url, this.#signed('OPTIONS', this.#url, {}), '');
  }

  /** Says goodbye and waits a moment for the answer. */
  async leave(): Promise<void> {
    if (this.#session === undefined || !this.#socket.writable) return;
    try {
      const signed = this.#signed('TEARDOWN', this.#url, {});
      await withDeadline(this.#exchange('TEARDOWN', this.#url, signed, ''), LEAVE_MS, 'TEARDOWN');
    } catch {
      // The connection is closed next; a server that does not answer notices that.
    }
  }

  async #request(method: string, uri: string, fields: Record<string, string>, body = ''): Promise<RtspResponse> {
    for (;;) {
      const signed = this.#signed(method, uri, fields);
      const wasSent = 'Authorization' in signed;
      const answer = await withDeadline(
        this.#exchange(method, uri, signed, body),
        this.#answerMs,
        `the answer to ${method}`,
      );
      if (answer === undefined) throw new PushRefused('the server closed the connection', false);
      if (answer.status === 200) {
        this.#isLoggedIn = true;
        return answer;
      }
      if (answer.status !== 401) {
        throw new PushRefused(`the server answers ${answer.status} ${answer.reason} to ${method}`.slice(0, 200), false);
      }
      const challenges = answer.headers.getAll('www-authenticate');
      if (!this.#login.accept(challenges, wasSent, this.#isLoggedIn)) {
        throw new PushRefused(
          wasSent ? 'the server refuses user and password' : 'the server wants user and password',
          true,
        );
      }
    }
  }

  #signed(method: string, uri: string, fields: Record<string, string>): Record<string, string> {
    const authorization = this.#login.authorization(method, uri);
    return authorization === undefined ? fields : { ...fields, Authorization: authorization };
  }

  #exchange(
    method: string,
    uri: string,
    fields: Record<string, string>,
    body: string,
  ): Promise<RtspResponse | undefined> {
    const sequence = this.#send(method, uri, fields, body);
    return new Promise((resolve) => {
      this.#waiting.set(sequence, resolve);
      if (this.#socket.destroyed) resolve(undefined);
    });
  }

  #send(method: string, uri: string, fields: Record<string, string>, body: string): string {
    const sequence = String((this.#sequence += 1));
    const headers = new RtspHeaders({
      CSeq: sequence,
      'User-Agent': 'Seamline',
      ...(this.#session === undefined ? {} : { Session: this.#session }),
      ...fields,
    });
    this.#socket.write(formatRequest(method, uri, headers, new TextEncoder().encode(body)));
    return sequence;
  }

  #take(chunk: Uint8Array): void {
    let messages: RtspMessage[];
    try {
      messages = this.#parser.push(chunk);
    } catch {
      // Not RTSP; the end of the connection is reported by its owner.
      this.#socket.destroy();
      return;
    }
    for (const message of messages) {
      if (message.kind !== 'response') continue;
      const sequence = message.headers.get('cseq')?.trim() ?? '';
      this.#waiting.get(sequence)?.(message);
      this.#waiting.delete(sequence);
    }
  }
}
