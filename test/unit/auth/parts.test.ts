import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientOf, proxyList } from '../../../src/auth/client-address.ts';
import { hostName, isOriginAllowed } from '../../../src/auth/origin.ts';
import { RateLimit } from '../../../src/auth/rate-limit.ts';
import { TokenStore, tokenOf } from '../../../src/auth/tokens.ts';
import { SteppedClock } from '../../../src/common/clock.ts';

describe('tokens', () => {
  const store = new TokenStore(['admin-0123456789abc'], ['viewer-0123456789ab']);

  it('have their roles, and nothing else has one', () => {
    expect(store.roleOf('admin-0123456789abc')).toBe('admin');
    expect(store.roleOf('viewer-0123456789ab')).toBe('viewer');
    assert(
      property(string(), (text) => {
        expect(store.roleOf(text)).toBeUndefined();
      }),
    );
  });

  it('are read from Bearer and from the password of Basic', () => {
    const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

    expect(tokenOf('Bearer abc')).toBe('abc');
    expect(tokenOf('bearer abc')).toBe('abc');
    expect(tokenOf(basic('user:a:b'))).toBe('a:b');
    for (const header of [undefined, '', 'Bearer', 'Bearer a b', 'Digest x', basic('no colon')]) {
      expect(tokenOf(header)).toBeUndefined();
    }
  });
});

describe('a rate limit', () => {
  it('lets as many through as a minute has, then one after the other, each key by itself', () => {
    const clock = new SteppedClock();
    const limit = new RateLimit(clock, 3);

    expect(['a', 'a', 'a', 'a', 'b'].map((key) => limit.take(key) === 0)).toEqual([true, true, true, false, true]);
    expect(limit.waitSeconds('a')).toBe(20);
    clock.advance(20_000_000);
    expect(limit.waitSeconds('a')).toBe(0);
    expect([limit.take('a'), limit.take('a')]).toEqual([0, 20]);
  });

  it('remembers no more keys than it may', () => {
    const limit = new RateLimit(new SteppedClock(), 1);
    limit.take('first');
    for (let key = 0; key < 10_000; key += 1) limit.take(String(key));

    expect(limit.waitSeconds('first')).toBe(0);
    expect(limit.waitSeconds('9999')).toBeGreaterThan(0);
  });
});

describe('the client of a request', () => {
  it('is never loopback by what a stranger writes into headers', () => {
    const proxies = proxyList(['10.0.0.0/8']);
    assert(
      property(string(), (header) => {
        expect(clientOf('198.51.100.7', { 'x-forwarded-for': header }, proxies).isLoopback).toBe(false);
        expect(clientOf('127.0.0.1', { forwarded: header }, proxies).isLoopback).toBe(false);
      }),
    );
  });

  it('is the last address that no trusted proxy wrote', () => {
    const proxies = proxyList(['10.0.0.0/8', '::1']);
    const of = (peer: string, chain: string): string => clientOf(peer, { 'x-forwarded-for': chain }, proxies).address;

    expect(of('10.0.0.1', '198.51.100.7')).toBe('198.51.100.7');
    expect(of('10.0.0.1', '127.0.0.1, 198.51.100.7, 10.9.9.9')).toBe('198.51.100.7');
    expect(of('::ffff:10.0.0.1', '::ffff:198.51.100.7')).toBe('198.51.100.7');
    expect(of('198.51.100.9', '127.0.0.1')).toBe('198.51.100.9');
  });

  it('needs networks that are some', () => {
    expect(() => proxyList(['10.0.0.0/99'])).toThrow(RangeError);
  });
});

describe('hosts and origins', () => {
  it.each([
    ['localhost:5000', 'localhost'],
    ['LOCALHOST', 'localhost'],
    ['[::1]:5000', '::1'],
    ['192.168.1.5', '192.168.1.5'],
    ['a b', ''],
    ['', ''],
    [undefined, ''],
  ])('the Host %j is %j', (header, host) => {
    expect(hostName(header)).toBe(host);
  });

  it('fit together, or are allowed by name', () => {
    const allowed = ['https://pano.example.org'];

    expect(isOriginAllowed(undefined, 'h', allowed)).toBe(true);
    expect(isOriginAllowed('http://H:5000', 'h:5000', allowed)).toBe(true);
    expect(isOriginAllowed('https://pano.example.org', 'h', allowed)).toBe(true);
    for (const origin of ['null', 'http://h', 'http://h:5000.evil', 'https://pano.example.org.evil', 'file://', '']) {
      expect(isOriginAllowed(origin, 'h:5000', allowed)).toBe(false);
    }
  });
});
