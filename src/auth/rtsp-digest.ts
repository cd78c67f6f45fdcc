import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../common/clock.ts';
import {
  type AuthChallenge,
  digestAlgorithm,
  digestResponse,
  formatDigestChallenge,
  parseAuthorization,
  type DigestHash,
} from '../media/digest.ts';
import { RateLimit } from './rate-limit.ts';

/** One who may play. */
export interface RtspUser {
  readonly name: string;
  readonly password: string;
}

/**
 * What a log-in is worth. `stale`: the password may be right, but the nonce is too old; the client tries again by itself.
 * `locked`: too many wrong ones came from its address, this one was not looked at.
 */
export type LoginVerdict = 'accepted' | 'missing' | 'stale' | 'refused' | 'locked';

/** What an authenticator is made of. */
export interface RtspAuthenticatorOptions {
  readonly realm: string;
  readonly users: readonly RtspUser[];
  /** Each is a password under any name. */
  readonly tokens?: readonly string[];
  readonly clock: Clock;
  /** Key that nonces are signed with; random by default. */
  readonly secret?: Uint8Array;
  /** Wrong log-ins of one address per minute before it has to wait; 20 by default. */
  readonly maxRefusalsPerMinute?: number;
}

/** How long a nonce may be used. */
const NONCE_LIFE_US = 10 * 60 * 1_000_000;

const hash: DigestHash = (algorithm, text) =>
  createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text, 'utf8')
    .digest('hex');

/**
 * The server's side of Digest for RTSP (RFC 7616, RFC 2326 §D.1), with MD5 and SHA-256 and never Basic, which would send the
 * password in the clear. Nonces carry their time and a signature, so that none has to be remembered.
 */
export class RtspAuthenticator {
  readonly #realm: string;
  readonly #passwords: ReadonlyMap<string, string>;
  readonly #tokens: readonly string[];
  readonly #clock: Clock;
  readonly #secret: Uint8Array;
  readonly #refusals: RateLimit;

  constructor(options: RtspAuthenticatorOptions) {
    this.#realm = options.realm;
    this.#passwords = new Map(options.users.map(({ name, password }) => [name, password]));
    this.#tokens = options.tokens ?? [];
    this.#clock = options.clock;
    this.#secret = options.secret ?? randomBytes(32);
    this.#refusals = new RateLimit(options.clock, options.maxRefusalsPerMinute ?? 20);
  }

  /** Values of WWW-Authenticate. MD5 stands last, since ffmpeg and live555 take the last Digest and know nothing else. */
  challenges(stale: boolean): string[] {
    const nonce = this.#nonce(this.#clock.nowUs());
    return (['SHA-256', 'MD5'] as const).map((algorithm) =>
      formatDigestChallenge(this.#realm, nonce, algorithm, { stale }),
    );
  }

  /**
   * @param uri address of the request line
   * @param authorization value of the header, if any
   * @param client address that wrong log-ins are counted for
   */
  check(method: string, uri: string, authorization: string | undefined, client: string): LoginVerdict {
    const login = authorization === undefined ? undefined : parseAuthorization(authorization);
    if (login === undefined) return 'missing';
    if (this.lockedSeconds(client) > 0) return 'locked';
    const verdict = this.#verdict(method, uri, login);
    if (verdict === 'refused') this.#refusals.take(client);
    return verdict;
  }

  /** Seconds until log-ins of this address are looked at again; 0: they are. */
  lockedSeconds(client: string): number {
    return this.#refusals.waitSeconds(client);
  }

  #verdict(method: string, uri: string, login: AuthChallenge): LoginVerdict {
    const field = (name: string): string => login.parameters.get(name) ?? '';
    const algorithm = digestAlgorithm(login);
    if (login.scheme !== 'digest' || algorithm === undefined) return 'refused';
    const isRight = (password: string): boolean => {
      const auth = login.parameters.has('qop') ? { auth: { cnonce: field('cnonce'), nc: field('nc') } } : {};
      const request = { algorithm, method, uri: field('uri'), nonce: field('nonce'), ...auth };
      const expected = digestResponse({ username: field('username'), realm: this.#realm, password, ...request }, hash);
      return equal(expected, field('response').toLowerCase());
    };
    const own = this.#passwords.get(field('username'));
    // All are compared, and an unknown user costs the same time as a known one.
    const ownIsRight = isRight(own ?? '') && own !== undefined;
    const tokensThatAre = this.#tokens.filter(isRight);
    if (!ownIsRight && tokensThatAre.length === 0) return 'refused';
    if (!isSameResource(uri, field('uri'))) return 'refused';
    const ageUs = this.#nonceAge(field('nonce'));
    return ageUs !== undefined && ageUs <= NONCE_LIFE_US ? 'accepted' : 'stale';
  }

  #nonce(nowUs: number): string {
    const time = Math.max(0, nowUs).toString(16).padStart(14, '0');
    return `${time}${this.#sign(time)}`;
  }

  #nonceAge(nonce: string): number | undefined {
    const time = nonce.slice(0, 14);
    if (!equal(nonce.slice(14), this.#sign(time))) return undefined;
    return this.#clock.nowUs() - Number.parseInt(time, 16);
  }

  #sign(time: string): string {
    return createHmac('sha256', this.#secret).update(time).digest('hex').slice(0, 32);
  }
}

/** Path and query of an address, or the whole when it is none. */
function resourceOf(uri: string): string {
  return uri.replace(/^rtsps?:\/\/[^/]*/i, '').replace(/\/+$/, '');
}

/** Players put the presentation's address where the track's is meant, and the reverse (seen: VLC, ffmpeg). */
function isSameResource(requested: string, signed: string): boolean {
  const [a, b] = [resourceOf(requested), resourceOf(signed)];
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
