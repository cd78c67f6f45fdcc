/** Digest algorithms that cameras and players use (RFC 7616 §3.2; MD5 alone in RFC 2617). */
export type DigestAlgorithm = 'MD5' | 'SHA-256';

/** Hex digest of a text's UTF-8 bytes in lower case. */
export type DigestHash = (algorithm: DigestAlgorithm, text: string) => string;

/** One way to log in that a server offers, or one log-in: a scheme in lower case with its parameters, keys in lower case. */
export interface AuthChallenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** What follows the scheme when it is no list of parameters: base64 of Basic. */
  readonly token: string | undefined;
}

/** What goes into a digest. `uri` and `method` are those of the request line. */
export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  readonly username: string;
  readonly realm: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  /** Present when `qop=auth` is used. */
  readonly auth?: { readonly cnonce: string; readonly nc: string };
}

/** Longest header value that is looked at, in characters. */
const MAX_VALUE_CHARS = 8192;

/**
 * The challenges of all `WWW-Authenticate` values, in order; one value may hold several. What cannot be read is left out.
 * Also reads an `Authorization` value, which has the same form (RFC 9110 §11.4).
 */
export function parseChallenges(values: readonly string[]): AuthChallenge[] {
  return values.flatMap((value) => parseChallengeList(value.slice(0, MAX_VALUE_CHARS)));
}

/** The log-in of an `Authorization` value, or undefined. */
export function parseAuthorization(value: string): AuthChallenge | undefined {
  return parseChallengeList(value.slice(0, MAX_VALUE_CHARS))[0];
}

/** The algorithm a challenge or log-in names; MD5 when it names none; undefined for what is not supported. */
export function digestAlgorithm(challenge: AuthChallenge): DigestAlgorithm | undefined {
  const name = (challenge.parameters.get('algorithm') ?? 'MD5').toUpperCase();
  return name === 'MD5' || name === 'SHA-256' ? name : undefined;
}

/** True when a Digest challenge offers `qop=auth`. */
export function offersAuthQop(challenge: AuthChallenge): boolean {
  const options = challenge.parameters.get('qop');
  return options !== undefined && options.split(',').some((option) => option.trim().toLowerCase() === 'auth');
}

/** Strongest challenge that can be answered: Digest SHA-256, Digest MD5, Basic. */
export function strongestChallenge(challenges: readonly AuthChallenge[]): AuthChallenge | undefined {
  const rank = (challenge: AuthChallenge): number => {
    if (challenge.scheme === 'basic') return 1;
    if (challenge.scheme !== 'digest' || !challenge.parameters.has('nonce')) return 0;
    const algorithm = digestAlgorithm(challenge);
    if (algorithm === undefined) return 0;
    // A server that offers only auth-int cannot be answered without hashing the body; no camera does.
    if (challenge.parameters.has('qop') && !offersAuthQop(challenge)) return 0;
    return algorithm === 'SHA-256' ? 3 : 2;
  };
  const best = challenges.toSorted((a, b) => rank(b) - rank(a))[0];
  return best !== undefined && rank(best) > 0 ? best : undefined;
}

/** The `response` parameter (RFC 7616 §3.4.1; RFC 2069 form without `auth`). */
export function digestResponse(input: DigestInput, hash: DigestHash): string {
  const h = (text: string): string => hash(input.algorithm, text);
  const ha1 = h(`${input.username}:${input.realm}:${input.password}`);
  const ha2 = h(`${input.method}:${input.uri}`);
  if (input.auth === undefined) return h(`${ha1}:${input.nonce}:${ha2}`);
  return h(`${ha1}:${input.nonce}:${input.auth.nc}:${input.auth.cnonce}:auth:${ha2}`);
}

/** An `Authorization` value for Digest. @throws RangeError when a value cannot be quoted in a header */
export function formatDigestAuthorization(challenge: AuthChallenge, input: DigestInput, hash: DigestHash): string {
  const opaque = challenge.parameters.get('opaque');
  const parts = [
    `username=${quoted(input.username)}`,
    `realm=${quoted(input.realm)}`,
    `nonce=${quoted(input.nonce)}`,
    `uri=${quoted(input.uri)}`,
    `response="${digestResponse(input, hash)}"`,
  ];
  // Old servers choke on parameters they did not name themselves.
  if (challenge.parameters.has('algorithm')) parts.push(`algorithm=${input.algorithm}`);
  if (opaque !== undefined) parts.push(`opaque=${quoted(opaque)}`);
  if (input.auth !== undefined) parts.push('qop=auth', `nc=${input.auth.nc}`, `cnonce=${quoted(input.auth.cnonce)}`);
  return `Digest ${parts.join(', ')}`;
}

/** A `WWW-Authenticate` value that asks for Digest. @param stale true when only the nonce was too old */
export function formatDigestChallenge(
  realm: string,
  nonce: string,
  algorithm: DigestAlgorithm,
  options: { readonly stale?: boolean; readonly qop?: boolean } = {},
): string {
  const parts = [`realm=${quoted(realm)}`, `nonce=${quoted(nonce)}`, `algorithm=${algorithm}`];
  if (options.qop === true) parts.push('qop="auth"');
  if (options.stale === true) parts.push('stale=true');
  return `Digest ${parts.join(', ')}`;
}

/** A quoted-string (RFC 9110 §5.6.4). @throws RangeError for control characters */
function quoted(text: string): string {
  // oxlint-disable-next-line no-control-regex -- a line break would begin another header
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new RangeError('a quoted value has control characters');
  return `"${text.replaceAll(/(["\\])/g, String.raw`\$1`)}"`;
}

/** One token: `name=value`, `name="value"`, a bare word, or a comma. */
const PIECE =
  /\s*(?:,|([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))(?=\s*(?:,|$))|([^\s,]+))/gy;

/** A log-in by Basic: base64, not a list of parameters. */
const BASIC = /^\s*basic\s+([A-Za-z0-9\-._~+/]+=*)\s*$/i;

function parseChallengeList(value: string): AuthChallenge[] {
  const basic = BASIC.exec(value)?.[1];
  if (basic !== undefined) return [{ scheme: 'basic', parameters: new Map(), token: basic }];
  const found: { scheme: string; parameters: Map<string, string>; token: undefined }[] = [];
  PIECE.lastIndex = 0;
  for (let piece = PIECE.exec(value); piece !== null; piece = PIECE.exec(value)) {
    const [, name, quotedValue, plainValue, word] = piece;
    const current = found.at(-1);
    if (word !== undefined) found.push({ scheme: word.toLowerCase(), parameters: new Map(), token: undefined });
    if (name === undefined || current === undefined) continue;
    const text = quotedValue?.replaceAll(/\\(.)/g, '$1') ?? plainValue ?? '';
    // The first one counts: a second realm or nonce would belong to nobody.
    if (!current.parameters.has(name.toLowerCase())) current.parameters.set(name.toLowerCase(), text);
  }
  return found;
}
