import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RtspAuthenticator } from '../../../src/auth/rtsp-digest.ts';
import { SteppedClock } from '../../../src/common/clock.ts';
import { formatDigestAuthorization, parseChallenges, type DigestHash } from '../../../src/media/digest.ts';

const URI = 'rtsp://host:8554/live';
const hash: DigestHash = (algorithm, text) =>
  createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text)
    .digest('hex');

function setUp(tokens: readonly string[] = []) {
  const clock = new SteppedClock(1e9);
  const users = [{ name: 'bob', password: 'p@ss: "#%' }];
  const auth = new RtspAuthenticator({ realm: 'Seamline', users, tokens, clock });
  /** A log-in as a client makes it from the challenge. */
  const login = (
    algorithm: 'MD5' | 'SHA-256',
    overrides: { password?: string; username?: string; uri?: string; qop?: boolean } = {},
  ) => {
    const challenge = parseChallenges(auth.challenges(false)).find(
      ({ parameters }) => parameters.get('algorithm') === algorithm,
    )!;
    return formatDigestAuthorization(
      challenge,
      {
        algorithm,
        username: overrides.username ?? 'bob',
        realm: 'Seamline',
        password: overrides.password ?? 'p@ss: "#%',
        method: 'DESCRIBE',
        uri: overrides.uri ?? URI,
        nonce: challenge.parameters.get('nonce')!,
        ...(overrides.qop === true ? { auth: { cnonce: 'abc', nc: '00000001' } } : {}),
      },
      hash,
    );
  };
  const check = (
    method: string,
    uri: string,
    authorization: string | undefined,
    client = '198.51.100.7',
  ): ReturnType<typeof auth.check> => auth.check(method, uri, authorization, client);
  return { clock, auth, login, check };
}

describe('RtspAuthenticator', () => {
  it.each(['MD5', 'SHA-256'] as const)('accepts the right password by %s', (algorithm) => {
    const { login, check } = setUp();

    expect(check('DESCRIBE', URI, login(algorithm))).toBe('accepted');
    expect(check('DESCRIBE', URI, login(algorithm, { qop: true }))).toBe('accepted');
  });

  it.each(['MD5', 'SHA-256'] as const)('accepts a token under any name by %s, and no other', (algorithm) => {
    const { login, check } = setUp(['token-0123456789', 'token-9876543210']);

    for (const username of ['bob', 'anyone', '']) {
      expect(check('DESCRIBE', URI, login(algorithm, { username, password: 'token-9876543210' }))).toBe('accepted');
      expect(check('DESCRIBE', URI, login(algorithm, { username, password: 'token-9876543211' }))).toBe('refused');
      expect(check('DESCRIBE', URI, login(algorithm, { username, password: '' }))).toBe('refused');
    }
    expect(check('DESCRIBE', URI, login(algorithm))).toBe('accepted');
  });

  it('offers MD5 last and Basic never', () => {
    const challenges = setUp().auth.challenges(false);

    expect(challenges.map((challenge) => /^(\w+) .*algorithm=([\w-]+)/.exec(challenge)!.slice(1))).toEqual([
      ['Digest', 'SHA-256'],
      ['Digest', 'MD5'],
    ]);
  });

  it('refuses a wrong password, an unknown user, another method, another path, and Basic', () => {
    const { login, check } = setUp();

    expect(check('DESCRIBE', URI, login('MD5', { password: 'wrong' }))).toBe('refused');
    expect(check('DESCRIBE', URI, login('MD5', { username: 'eve', password: '' }))).toBe('refused');
    expect(check('SETUP', URI, login('MD5'))).toBe('refused');
    expect(check('DESCRIBE', URI, login('MD5', { uri: 'rtsp://host:8554/other' }))).toBe('refused');
    expect(check('DESCRIBE', URI, `Basic ${Buffer.from('bob:p@ss: "#%').toString('base64')}`)).toBe('refused');
    expect(check('DESCRIBE', URI, 'Digest')).toBe('refused');
  });

  it('accepts the address of the presentation where the track is meant', () => {
    const { login, check } = setUp();

    expect(check('DESCRIBE', `${URI}/trackID=0`, login('MD5'))).toBe('accepted');
    expect(check('DESCRIBE', URI, login('MD5', { uri: `${URI}/` }))).toBe('accepted');
  });

  it('tells a client that only its nonce is too old', () => {
    const { auth, login, clock, check } = setUp();
    const old = login('MD5');

    clock.advance(11 * 60 * 1e6);

    expect(check('DESCRIBE', URI, old)).toBe('stale');
    expect(auth.challenges(true)[1]).toContain('stale=true');
  });

  it('takes a nonce of another server for an old one', () => {
    const { check } = setUp();

    expect(check('DESCRIBE', URI, setUp().login('MD5'))).toBe('stale');
  });

  it('misses what was not sent', () => {
    expect(setUp().check('DESCRIBE', URI, undefined)).toBe('missing');
  });

  it('looks at no log-in of an address that sent too many wrong ones, for a while', () => {
    const { login, check, clock } = setUp();
    const guess = () => check('DESCRIBE', URI, login('MD5', { password: 'wrong' }));

    expect(Array.from({ length: 20 }, guess)).toEqual(Array(20).fill('refused'));

    expect(check('DESCRIBE', URI, login('MD5'))).toBe('locked');
    expect(check('DESCRIBE', URI, undefined)).toBe('missing');
    expect(check('DESCRIBE', URI, login('MD5'), '198.51.100.8')).toBe('accepted');
    clock.advance(4_000_000);
    expect(check('DESCRIBE', URI, login('MD5'))).toBe('accepted');
  });
});
