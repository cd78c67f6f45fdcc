import { describe, expect, it } from 'vitest';
import { SafeUrl } from '../../../../src/common/safe-url.ts';
import { maskedAddress } from '../../../../src/egress/push/publisher.ts';
import { rtmpArguments, rtmpPreset, rtmpSecrets } from '../../../../src/egress/push/rtmp-args.ts';

const LIMITS = { connectTimeoutMs: 5000, stallTimeoutMs: 8000 };
const target = (address: string, port: number) => ({ address, port, presetFile: '/private/file', limits: LIMITS });

const parse = (text: string): SafeUrl => SafeUrl.parse(text, ['rtmp', 'rtmps', 'rtsp']);

describe('rtmpPreset', () => {
  it('takes the last part of the path with the query for the key, and what stands before for the application', () => {
    expect(rtmpPreset(parse('rtmp://host/a/b/key?token=1&x=2'), 1935)).toBe(
      'rtmp_app=a/b\nrtmp_playpath=key?token=1&x=2\nrtmp_tcurl=rtmp://host:1935/a/b\n',
    );
  });

  it.each([
    ['rtmp://host/onlyapp', 'rtmp://HOST/APPLICATION/KEY'],
    ['rtmp://host/', 'rtmp://HOST/APPLICATION/KEY'],
    ['rtmp://bob:pw@host/live/key', 'stream key'],
    [`rtmp://host/live/${'k'.repeat(1500)}`, 'too long'],
  ])('says what is wrong with %s', (url, words) => {
    expect(() => rtmpPreset(parse(url), 1935)).toThrow(words);
  });
});

describe('rtmpArguments', () => {
  it('hold the checked address and nothing else of the target', () => {
    expect(rtmpArguments(target('192.0.2.1', 1935)).at(-1)).toBe('rtmp://192.0.2.1:1935/');
    expect(rtmpArguments(target('::1', 1935)).at(-1)).toBe('rtmp://[::1]:1935/');
  });
});

describe('what people see of an address', () => {
  it('has no key and no password', () => {
    expect(maskedAddress(parse('rtmp://host/live/key?x=1'))).toBe('rtmp://host/live/***');
    expect(maskedAddress(parse('rtmp://host/live/key/'))).toBe('rtmp://host/live/***');
    expect(maskedAddress(parse('rtmp://host/key'))).toBe('rtmp://host/***');
    expect(maskedAddress(parse('rtsp://bob:pw@host/in'))).toBe('rtsp://bob:***@host/in');
    expect(rtmpSecrets(parse('rtmp://host/live/key?x=1'))).toEqual(['key?x=1', 'key']);
  });
});
