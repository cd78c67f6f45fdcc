import { createHash, randomBytes } from 'node:crypto';
import {
  digestAlgorithm,
  formatDigestAuthorization,
  offersAuthQop,
  parseChallenges,
  strongestChallenge,
  type AuthChallenge,
  type DigestHash,
} from '../media/digest.ts';

/** Who logs in. Kept apart from the address, which goes over the wire without it. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

const hash: DigestHash = (algorithm, text) =>
  createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text, 'utf8')
    .digest('hex');

/** The client's side of Basic and Digest on one connection; keeps the newest challenge and counts its uses (RFC 7616 §3.4). */
export class RtspLogin {
  readonly #credentials: Credentials | undefined;
  #challenge: AuthChallenge | undefined;
  #uses = 0;

  /** @param credentials undefined when the address has none */
  constructor(credentials: Credentials | undefined) {
    this.#credentials = credentials;
  }

  /** The `Authorization` value for the next request, or undefined when no challenge can be answered. */
  authorization(method: string, uri: string): string | undefined {
    const challenge = this.#challenge;
    if (challenge === undefined || this.#credentials === undefined) return undefined;
    const { username, password } = this.#credentials;
    if (challenge.scheme === 'basic') {
      return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
    }
    const algorithm = digestAlgorithm(challenge);
    if (algorithm === undefined) return undefined;
    this.#uses += 1;
    const auth = { cnonce: randomBytes(12).toString('hex'), nc: this.#uses.toString(16).padStart(8, '0') };
    const input = {
      algorithm,
      username,
      password,
      method,
      uri,
      realm: challenge.parameters.get('realm') ?? '',
      nonce: challenge.parameters.get('nonce') ?? '',
      ...(offersAuthQop(challenge) ? { auth } : {}),
    };
    return formatDigestAuthorization(challenge, input, hash);
  }

  /**
   * Takes the challenges of a 401.
   * @param wasSent whether the refused request carried a log-in
   * @param wasAcceptedBefore whether the camera took this log-in earlier on this connection
   * @returns true when the request is worth repeating. Never after a log-in that the camera really refused: it would
   * count as an attack and lock the account.
   */
  accept(challengeValues: readonly string[], wasSent: boolean, wasAcceptedBefore: boolean): boolean {
    const challenge = strongestChallenge(parseChallenges(challengeValues));
    const previousNonce = this.#challenge?.parameters.get('nonce');
    this.#challenge = challenge;
    this.#uses = 0;
    if (challenge === undefined || this.#credentials === undefined) return false;
    if (!wasSent) return true;
    if (challenge.parameters.get('stale')?.toLowerCase() === 'true') return true;
    // Many cameras let nonces expire without saying that they are stale.
    return wasAcceptedBefore && challenge.parameters.get('nonce') !== previousNonce;
  }
}
