import { createHash, timingSafeEqual } from 'node:crypto';

/** What a token is worth. */
export type TokenRole = 'admin' | 'viewer';

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

/** The configured tokens. Comparing takes the same time whichever matches, or none. */
export class TokenStore {
  readonly #tokens: readonly { readonly role: TokenRole; readonly hash: Buffer }[];
  readonly hasAdmin: boolean;
  readonly hasViewer: boolean;

  constructor(adminTokens: readonly string[], viewerTokens: readonly string[]) {
    this.#tokens = [
      ...viewerTokens.map((token) => ({ role: 'viewer' as const, hash: digest(token) })),
      ...adminTokens.map((token) => ({ role: 'admin' as const, hash: digest(token) })),
    ];
    this.hasAdmin = adminTokens.length > 0;
    this.hasViewer = viewerTokens.length > 0;
  }

  /** The role of a token, or undefined for one that is not configured. */
  roleOf(token: string): TokenRole | undefined {
    const hash = digest(token);
    let role: TokenRole | undefined;
    // Hashes have one length, and all are compared: neither length nor place of a match shows in the time.
    for (const known of this.#tokens) if (timingSafeEqual(known.hash, hash)) role = known.role;
    return role;
  }
}

/**
 * The token of an Authorization header: `Bearer TOKEN`, or Basic with the token as password, which players that only
 * know `http://user:password@…` can send. Undefined when there is none.
 */
export function tokenOf(authorization: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(authorization ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : undefined;
}
