import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  digestResponse,
  formatDigestAuthorization,
  formatDigestChallenge,
  parseAuthorization,
  parseChallenges,
  strongestChallenge,
  type DigestHash,
} from '../../../src/media/digest.ts';

const hash: DigestHash = (algorithm, text) =>
  createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text)
    .digest('hex');

describe('digestResponse', () => {
  const mufasa = {
    username: 'Mufasa',
    password: 'Circle of Life',
    method: 'GET',
    uri: '/dir/index.html',
    realm: 'http-auth@example.org',
    nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
    auth: { cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ', nc: '00000001' },
  };

  // The example of RFC 7616, section 3.9.1.
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const)('agrees with the example of RFC 7616 for %s', (algorithm, expected) => {
    expect(digestResponse({ ...mufasa, algorithm }, hash)).toBe(expected);
  });

  it('agrees with the form of RFC 2069 when there is no qop', () => {
    const input = {
      algorithm: 'MD5',
      username: 'Mufasa',
      password: 'CircleOfLife',
      method: 'GET',
      uri: '/dir/index.html',
      realm: 'testrealm@host.com',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
    } as const;

    // The errata of RFC 2069 give this value.
    expect(digestResponse(input, hash)).toBe('1949323746fe6a43ef61f9606e7febea');
  });
});

describe('parseChallenges', () => {
  it('reads several challenges from one value and from several', () => {
    const challenges = parseChallenges([
      'Digest realm="a, b", nonce="n\\"1", qop="auth,auth-int", algorithm=SHA-256, Basic realm="x"',
      'digest realm="old", nonce=abc, stale=TRUE',
    ]);

    expect(challenges.map(({ scheme }) => scheme)).toEqual(['digest', 'basic', 'digest']);
    expect(Object.fromEntries(challenges[0]?.parameters ?? [])).toEqual({
      realm: 'a, b',
      nonce: 'n"1',
      qop: 'auth,auth-int',
      algorithm: 'SHA-256',
    });
    expect(challenges[2]?.parameters.get('stale')).toBe('TRUE');
  });

  it('prefers SHA-256 to MD5 to Basic and leaves out what it cannot answer', () => {
    const challenges = parseChallenges([
      'Basic realm="x"',
      'Digest realm="x", nonce="1", algorithm=SHA-512-256',
      'Digest realm="x", nonce="2"',
      'Digest realm="x", nonce="3", algorithm="SHA-256"',
    ]);

    expect(strongestChallenge(challenges)?.parameters.get('nonce')).toBe('3');
    expect(strongestChallenge(challenges.slice(0, 3))?.parameters.get('nonce')).toBe('2');
    expect(strongestChallenge(challenges.slice(0, 2))?.scheme).toBe('basic');
    expect(strongestChallenge(parseChallenges(['Negotiate abc']))).toBeUndefined();
  });

  it('reads back the challenge and the log-in that were formatted', () => {
    const arbText = fc.stringMatching(/^[ -~]{1,20}$/);
    fc.assert(
      fc.property(arbText, arbText, arbText, (username, realm, nonce) => {
        const [challenge] = parseChallenges([formatDigestChallenge(realm, nonce, 'MD5', { qop: true, stale: true })]);
        if (challenge === undefined) throw new Error('no challenge');
        const input = {
          algorithm: 'MD5',
          username,
          realm,
          nonce,
          password: 'p',
          method: 'PLAY',
          uri: 'rtsp://h/',
        } as const;

        const login = parseAuthorization(
          formatDigestAuthorization(challenge, { ...input, auth: { nc: '00000001', cnonce: 'c' } }, hash),
        );

        expect(Object.fromEntries(login?.parameters ?? [])).toMatchObject({ username, realm, nonce, uri: 'rtsp://h/' });
        expect(challenge.parameters.get('stale')).toBe('true');
      }),
    );
  });

  it('reads Basic', () => {
    expect(parseAuthorization('Basic YWxhZGRpbjpvcGVuc2VzYW1l')?.token).toBe('YWxhZGRpbjpvcGVuc2VzYW1l');
    expect(parseAuthorization('basic YWI6Yw==')?.token).toBe('YWI6Yw==');
  });

  it('never throws and ends in time, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '=', ',', '"', '\\', ' ', 'Digest '), maxLength: 200 }),
        (text) => {
          expect(parseChallenges([text]).length).toBeLessThanOrEqual(text.length);
        },
      ),
    );
    expect(parseChallenges([`Digest ${'a="'.repeat(20_000)}`]).length).toBeLessThan(10_000);
  });
});
