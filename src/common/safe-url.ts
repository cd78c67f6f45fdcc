import { SeamlineError } from './seamline-error.ts';
import { hide, loginsInPath, MASK, secretValues, type Range } from './url-secrets.ts';

/** Longest address that is accepted, in characters. */
export const MAX_URL_LENGTH = 2048;

/** What is said when a raw special character in a user name or password makes an address unreadable. */
const ENCODE_HINT =
  'is no valid address; in a user name or password write @ as %40, # as %23, : as %3A, / as %2F, ? as %3F and % as %25';

/**
 * An address whose every printed form hides the password: `toString`, `toJSON` and inspection in a debugger's
 * console. The secret parts are read only by whoever logs in with them.
 */
export class SafeUrl {
  readonly #url: URL;

  readonly #scheme: string;
  readonly #port: number | undefined;

  private constructor(scheme: string, url: URL, port: number | undefined) {
    this.#scheme = scheme;
    this.#url = url;
    this.#port = port;
  }

  /**
   * @param protocols accepted schemes without the colon, for example `['rtsp', 'rtsps']`
   * @param field name of the field for the error
   * @throws SeamlineError `invalid-request`, naming the field and what would be right; never repeats the input
   */
  static parse(text: string, protocols: readonly string[], field = 'url'): SafeUrl {
    const wrong = (message: string): SeamlineError =>
      new SeamlineError('invalid-request', `${field} ${message}`, { errors: [{ field, message }] });
    const schemes = protocols.map((protocol) => `${protocol}://`).join(', ');
    if (text.length === 0) throw wrong(`must not be empty; give an address that starts with ${schemes}`);
    if (text.length > MAX_URL_LENGTH) throw wrong(`must have at most ${MAX_URL_LENGTH} characters`);
    // oxlint-disable-next-line no-control-regex -- control characters are exactly what is refused here
    if (/[\u0000-\u0020\u007f-\u009f\u2028\u2029]/.test(text)) {
      throw wrong('must not contain spaces or control characters');
    }
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//.exec(text)?.[1];
    if (scheme === undefined || !protocols.includes(scheme)) throw wrong(`must start with ${schemes} in lower case`);
    const authority = text.slice(scheme.length + 3).split(/[/?#]/, 1)[0] ?? '';
    if (authority.split('@').length > 2 || text.includes('#')) throw wrong(ENCODE_HINT);
    // http's rules would skip further slashes and take the path for the host.
    if (authority === '') throw wrong('has no host');
    let url: URL;
    try {
      // WHATWG leaves unknown schemes "opaque-host"; http's rules give IDNA, IPv4 and IPv6 checks.
      url = new URL(`http://${text.slice(scheme.length + 3)}`);
      decodeURIComponent(url.username);
      decodeURIComponent(url.password);
    } catch {
      throw wrong(text.includes('@') || text.includes('%') ? ENCODE_HINT : 'is no valid address');
    }
    if (url.hostname === '') throw wrong('has no host');
    const port = /:(\d+)$/.exec(authority.replace(/^.*@/, ''))?.[1];
    return new SafeUrl(scheme, url, port === undefined ? undefined : Number(port));
  }

  /** Scheme without the colon. */
  get protocol(): string {
    return this.#scheme;
  }

  /** Host name or address; IPv6 without brackets. */
  get host(): string {
    return this.#url.hostname.replace(/^\[|\]$/g, '');
  }

  /** Port as written, or undefined. */
  get port(): number | undefined {
    return this.#port;
  }

  /** Path with query, percent-encoded as written; "/" when there is none. */
  get pathWithQuery(): string {
    return this.#url.pathname + this.#url.search;
  }

  /** Path alone, without the leading slash and without a trailing one. */
  get path(): string {
    return this.#url.pathname.replace(/^\/+|\/+$/g, '');
  }

  get hasCredentials(): boolean {
    return this.#url.username !== '' || this.#url.password !== '';
  }

  /** Decoded user name; for logging in only. */
  get username(): string {
    return decodeURIComponent(this.#url.username);
  }

  /** Decoded password; for logging in only, never for printing. */
  get password(): string {
    return decodeURIComponent(this.#url.password);
  }

  /** The address without user and password, as RTSP requests carry it. */
  get withoutCredentials(): string {
    return `${this.#scheme}://${this.#authority()}${this.#url.pathname}${this.#url.search}`;
  }

  /** The whole address with its secrets, for handing over through a private pipe only. */
  revealed(): string {
    if (!this.hasCredentials) return this.withoutCredentials;
    const user = this.#url.password === '' ? this.#url.username : `${this.#url.username}:${this.#url.password}`;
    return `${this.#scheme}://${user}@${this.#authority()}${this.#url.pathname}${this.#url.search}`;
  }

  #authority(): string {
    return this.#port === undefined ? this.#url.hostname : `${this.#url.hostname}:${this.#port}`;
  }

  /** The address with `***` in place of the password and of every value in path and query that may be one. */
  toString(): string {
    const user = this.#url.password === '' ? this.#url.username : `${this.#url.username}:${MASK}`;
    const path = this.pathWithQuery;
    const hidden = hide(path, [...loginsInPath(path), ...secretValues(path), ...passwordsOfUsers(path)]);
    return `${this.#scheme}://${user === '' ? '' : `${user}@`}${this.#authority()}${hidden}`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `SafeUrl(${this.toString()})`;
  }
}

/**
 * Hides the passwords of every address inside a text, for example a line of ffmpeg's stderr: of users, and values whose
 * names speak of secrets. In doubt it hides more. Takes time in proportion to the length of the text.
 */
export function redactUrls(text: string): string {
  return hide(text, [...passwordsOfUsers(text), ...secretValues(text)]);
}

/**
 * All from the first colon behind `://` to the last `@` before a space or double quote, since passwords may hold anything
 * else; in the path of a camera's address also what looks like a log-in.
 */
function passwordsOfUsers(text: string): Range[] {
  const ranges: Range[] = [];
  let at = 0;
  for (let start = text.indexOf('://'); start >= 0; start = text.indexOf('://', at)) {
    const from = start + 3;
    const length = text.slice(from).search(/[\s"]/);
    at = length < 0 ? text.length : from + length;
    const address = text.slice(from, at);
    const colon = address.indexOf(':');
    const sign = address.lastIndexOf('@');
    if (colon >= 0 && colon < sign) ranges.push([from + colon + 1, from + sign]);
    if (!/rtsps?$/.test(text.slice(Math.max(0, start - 5), start))) continue;
    const path = Math.max(sign, address.indexOf('/', Math.max(0, sign)));
    if (path >= 0)
      ranges.push(...loginsInPath(address.slice(path)).map(([a, b]): Range => [from + path + a, from + path + b]));
  }
  return ranges;
}
