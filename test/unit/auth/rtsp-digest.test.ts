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

function setUp() {
  const clock = new SteppedClock(1e9);
  const users = [{ name: 'bob', password: 'p@ss: "#%' }];
  const auth = new RtspAuthenticator({ realm: 'Seamline', users, clock });
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
  return { clock, auth, login };
}

describe('RtspAuthenticator', () => {
  it.each(['MD5', 'SHA-256'] as const)('accepts the right password by %s', (algorithm) => {
    const { auth, login } = setUp();

    expect(auth.check('DESCRIBE', URI, login(algorithm))).toBe('accepted');
    expect(auth.check('DESCRIBE', URI, login(algorithm, { qop: true }))).toBe('accepted');
  });

  it('offers MD5 last and Basic never', () => {
    const challenges = setUp().auth.challenges(false);

    expect(challenges.map((challenge) => /^(\w+) .*algorithm=([\w-]+)/.exec(challenge)!.slice(1))).toEqual([
      ['Digest', 'SHA-256'],
      ['Digest', 'MD5'],
    ]);
  });

  it('refuses a wrong password, an unknown user, another method, another path, and Basic', () => {
    const { auth, login } = setUp();

    expect(auth.check('DESCRIBE', URI, login('MD5', { password: 'wrong' }))).toBe('refused');
    expect(auth.check('DESCRIBE', URI, login('MD5', { username: 'eve', password: '' }))).toBe('refused');
    expect(auth.check('SETUP', URI, login('MD5'))).toBe('refused');
    expect(auth.check('DESCRIBE', URI, login('MD5', { uri: 'rtsp://host:8554/other' }))).toBe('refused');
    expect(auth.check('DESCRIBE', URI, `Basic ${Buffer.from('bob:p@ss: "#%').toString('base64')}`)).toBe('refused');
    expect(auth.check('DESCRIBE', URI, 'Digest')).toBe('refused');
  });

  it('accepts the address of the presentation where the track is meant', () => {
    const { auth, login } = setUp();

    expect(auth.check('DESCRIBE', `${URI}/trackID=0`, login('MD5'))).toBe('accepted');
    expect(auth.check('DESCRIBE', URI, login('MD5', { uri: `${URI}/` }))).toBe('accepted');
  });

  it('tells a client that only its nonce is too old', () => {
    const { auth, login, clock } = setUp();
    const old = login('MD5');

    clock.advance(11 * 60 * 1e6);

    expect(auth.check('DESCRIBE', URI, old)).toBe('stale');
    expect(auth.challenges(true)[1]).toContain('stale=true');
  });

  it('takes a nonce of another server for an old one', () => {
    const { auth } = setUp();

    expect(auth.check('DESCRIBE', URI, setUp().login('MD5'))).toBe('stale');
  });

  it('misses what was not sent', () => {
    expect(setUp().auth.check('DESCRIBE', URI, undefined)).toBe('missing');
  });
});
