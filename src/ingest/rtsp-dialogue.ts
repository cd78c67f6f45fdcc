import type { SafeUrl } from '../common/safe-url.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { RtspHeaders, type RtspResponse } from '../media/rtsp-message.ts';
import type { RtspConnection } from './rtsp-connection.ts';
import { RtspLogin, type Credentials } from '../auth/rtsp-login.ts';
import { problemOfMissingLogin, problemOfStatus } from './rtsp-problem.ts';

const USER_AGENT = 'Seamline';
/** A request is sent at most so often: without log-in, with it, with a fresh nonce. */
const MAX_SENDS = 3;

/** The log-in that an address carries, or undefined. */
export function credentialsOf(url: SafeUrl): Credentials | undefined {
  return url.hasCredentials ? { username: url.username, password: url.password } : undefined;
}

/** Requests over one connection, with log-in and session. */
export class RtspDialogue {
  readonly #connection: RtspConnection;
  readonly #login: RtspLogin;
  readonly #hasCredentials: boolean;
  readonly #timeoutMs: number;
  #isAccepted = false;
  /** The session that a SETUP granted; sent with every request from then on. */
  session: string | undefined;

  constructor(connection: RtspConnection, credentials: Credentials | undefined, timeoutMs: number) {
    this.#connection = connection;
    this.#login = new RtspLogin(credentials);
    this.#hasCredentials = credentials !== undefined;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * The reply to a request, of any status but 401.
   * @throws SeamlineError `source-unauthorized`, or what ended the connection
   */
  async ask(
    method: string,
    uri: string,
    fields: Readonly<Record<string, string>> = {},
    timeoutMs = this.#timeoutMs,
  ): Promise<RtspResponse> {
    for (let sends = 1; ; sends += 1) {
      const headers = new RtspHeaders({ 'User-Agent': USER_AGENT, ...fields });
      if (this.session !== undefined) headers.set('Session', this.session);
      const authorization = this.#login.authorization(method, uri);
      if (authorization !== undefined) headers.set('Authorization', authorization);
      const response = await this.#connection.request(method, uri, headers, timeoutMs);
      if (response.status !== 401) {
        this.#isAccepted ||= authorization !== undefined;
        return response;
      }
      const challenges = response.headers.getAll('WWW-Authenticate');
      const isWorthIt = this.#login.accept(challenges, authorization !== undefined, this.#isAccepted);
      if (!isWorthIt || sends >= MAX_SENDS)
        throw this.#hasCredentials ? problemOfStatus(401, method) : problemOfMissingLogin();
    }
  }

  /** The reply when it is a success. @throws SeamlineError for every other status */
  async demand(method: string, uri: string, fields: Readonly<Record<string, string>> = {}): Promise<RtspResponse> {
    const response = await this.ask(method, uri, fields);
    if (response.status < 200 || response.status > 299) throw problemOfStatus(response.status, method);
    return response;
  }
}

/** The value of a header that a reply must have. @throws SeamlineError `source-protocol` */
export function requiredHeader(response: RtspResponse, name: string): string {
  const value = response.headers.get(name);
  if (value === undefined) throw new SeamlineError('source-protocol', `the camera's answer lacks ${name}`);
  return value;
}
