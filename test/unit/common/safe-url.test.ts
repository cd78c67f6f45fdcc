import { inspect } from 'node:util';
import { assert, constantFrom, property, string, tuple, webUrl } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_URL_LENGTH, redactUrls, SafeUrl } from '../../../src/common/safe-url.ts';
import { SeamlineError } from '../../../src/common/seamline-error.ts';

const RTSP = ['rtsp', 'rtsps'];
const parse = (text: string): SafeUrl => SafeUrl.parse(text, RTSP, 'url1');

function mistake(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof SeamlineError) return error.errors?.[0]?.message ?? '';
    throw error;
  }
  throw new Error('it was accepted');
}

describe('an address', () => {
  it('gives its parts', () => {
    const url = parse('rtsp://admin:p%40ss@camera.example:554/stream/1?channel=2');

    expect(url).toMatchObject({
      protocol: 'rtsp',
      host: 'camera.example',
      port: 554,
      pathWithQuery: '/stream/1?channel=2',
      path: 'stream/1',
      hasCredentials: true,
      username: 'admin',
      password: 'p@ss',
      withoutCredentials: 'rtsp://camera.example:554/stream/1?channel=2',
    });
  });

  it('may leave out port, path and credentials', () => {
    expect(parse('rtsp://10.0.0.1')).toMatchObject({
      port: undefined,
      path: '',
      pathWithQuery: '/',
      hasCredentials: false,
    });
    expect(parse('rtsp://[fd00::1]:8554/a')).toMatchObject({ host: 'fd00::1', port: 8554 });
    expect(parse('rtsps://u@h/a')).toMatchObject({ username: 'u', password: '', hasCredentials: true });
    expect(parse('rtsp://h:80/a').port).toBe(80);
  });

  it.each([
    ['', 'must not be empty'],
    ['http://h/a', 'must start with rtsp://, rtsps://'],
    ['RTSP://h/a', 'in lower case'],
    [' rtsp://h/a', 'spaces'],
    ['rtsp://h/a b', 'spaces'],
    ['rtsp://h/a\u2028b', 'control characters'],
    ['rtsp://h/a\u0085b', 'control characters'],
    ['rtsp://u:p@x@h/a', 'write @ as %40'],
    ['rtsp://u:p#x@h/a', '# as %23'],
    ['rtsp://u:p%zz@h/a', '% as %25'],
    ['rtsp://u:p/x@h/a', '/ as %2F'],
    ['rtsp://u:p?x@h/a', '? as %3F'],
    ['rtsp://h:70000/a', 'is no valid address'],
    ['rtsp:///a', 'has no host'],
    ['rtsp://u:p@/a', 'is no valid address'],
    [`rtsp://h/${'a'.repeat(MAX_URL_LENGTH)}`, 'at most 2048'],
  ])('%j is refused: %s', (text, words) => {
    expect(mistake(text)).toContain(words);
  });

  it('round-trips: the revealed form parses to the same address', () => {
    const secret = string({ minLength: 1, maxLength: 20 }).map(encodeURIComponentOrX);
    assert(
      property(tuple(secret, secret, webUrl({ validSchemes: ['http'] })), ([user, password, base]) => {
        const url = parse(`rtsp://${user}:${password}@${base.slice('http://'.length).replaceAll('#', '')}`);
        const again = parse(url.revealed());

        expect(again.revealed()).toBe(url.revealed());
        expect([again.username, again.password]).toEqual([decodeURIComponent(user), decodeURIComponent(password)]);
      }),
    );
  });

  it('never shows its password when it is printed, whatever the password is', () => {
    const password = string({ minLength: 4, maxLength: 30 })
      .map((text) => `Zq9${encodeURIComponentOrX(text)}`)
      .filter((text) => decodeURIComponent(text).length > 6);
    assert(
      property(password, (secret) => {
        const url = parse(`rtsp://admin:${secret}@10.0.0.1/a?password=${secret}&x=1`);
        const shown = [String(url), JSON.stringify({ url }), inspect(url), url.withoutCredentials.split('?')[0]].join();

        expect(shown).not.toContain(secret);
        expect(shown).not.toContain(decodeURIComponent(secret));
      }),
    );
  });

  it('either parses or is refused with words that do not repeat it', () => {
    assert(
      property(string({ maxLength: 60 }), constantFrom('', 'rtsp://', 'rtsp://u:', 'file:'), (text, head) => {
        try {
          parse(head + text);
        } catch (error) {
          expect(error).toBeInstanceOf(SeamlineError);
          if (text.length > 12) expect((error as Error).message).not.toContain(text);
        }
      }),
    );
  });
});

describe('redaction of texts', () => {
  it.each([
    ['opening rtsp://u:secret@h/a failed', 'opening rtsp://u:***@h/a failed'],
    ['rtsp://u:p@ss@h/a', 'rtsp://u:***@h/a'],
    ['rtsp://u:a/b@h/x', 'rtsp://u:***@h/x'],
    ['rtsp://u:a:b:c@h/x', 'rtsp://u:***@h/x'],
    ["rtsp://u:pa'ss@h/x", 'rtsp://u:***@h/x'],
    ['rtsp://:secret@h/x', 'rtsp://:***@h/x'],
    ['"rtsp://u:secret@h/a", \'rtmp://v:other@g/b\'', '"rtsp://u:***@h/a", \'rtmp://v:***@g/b\''],
    ['http://h/a?token=secret&x=1', 'http://h/a?token=***&x=1'],
    ['rtsp://h/a?user=u&Password=secret', 'rtsp://h/a?user=u&Password=***'],
    ['rtsp://h:554/a', 'rtsp://h:554/a'],
    ['nothing to hide at 10:30', 'nothing to hide at 10:30'],
  ])('%s', (text, redacted) => {
    expect(redactUrls(text)).toBe(redacted);
  });

  it('hides every password that stands in an address, without and with special characters', () => {
    const plain = string({ minLength: 6, maxLength: 20 }).map((text) => text.replace(/[\s"]/g, 'x'));
    assert(
      property(plain, (secret) => {
        expect(redactUrls(`Error opening input rtsp://u:Q${secret}@10.0.0.1:554/a: refused`)).toBe(
          'Error opening input rtsp://u:***@10.0.0.1:554/a: refused',
        );
      }),
    );
  });

  it('takes no longer than the text is long', () => {
    const started = performance.now();

    redactUrls('a://'.repeat(20_000));
    redactUrls(`rtsp://${':'.repeat(20_000)}`);
    redactUrls('?a=b'.repeat(10_000));
    redactUrls('?a'.repeat(50_000));

    expect(performance.now() - started).toBeLessThan(3000);
  });
});

function encodeURIComponentOrX(text: string): string {
  try {
    return encodeURIComponent(text).replace(/[!'()*]/g, 'x');
  } catch {
    // A lone half of a surrogate pair cannot be encoded.
    return 'x';
  }
}
