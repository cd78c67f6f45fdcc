import { inspect } from 'node:util';
import { assert, constantFrom, property, string, tuple, webUrl } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_URL_LENGTH, redactUrls, SafeUrl } from '../../../src/common/safe-url.ts';
import { SeamlineError } from '../../../src/common/seamline-error.ts';

const RTSP = ['rtsp', 'rtsps'];
/** As makers of cameras document their addresses; X is the password. */
const PASSWORD_IN_PATH_OR_QUERY = [
  '/user=admin&password=X&channel=1&stream=0.sdp',
  '/user=admin_password=X_channel=1_stream=0.sdp?real_stream',
  '/user=admin;Password=X;channel=1',
  '/user=admin,passwd=X,channel=1',
  '/password=X/stream=1',
  '/live/user=admin&pwd=X',
  '/live?u=a&p=X',
  '/live?username=a&pw=X&id=2',
  '/live?loginuse=a&loginpas=X',
  '/live?usr=a;pwd=X;ch=1',
  '/live?authbasic=X&channel=1',
  '/live?access_token=X&channel=1',
  '/user%3Dadmin%26password%3DX',
  '/0/admin:X/main',
  '/0/admin:X',
];
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

  it.each(PASSWORD_IN_PATH_OR_QUERY)('hides the password of %s, whatever it is', (form) => {
    const password = string({ minLength: 1, maxLength: 30 }).map((text) => `Zq9${encodeURIComponentOrX(text)}Qz9`);
    const isEncodedAsAWhole = form.includes('%3D');
    assert(
      property(password, (once) => {
        const secret = isEncodedAsAWhole ? encodeURIComponent(once) : once;
        const written = `rtsp://10.0.0.1:554${form.replace('X', () => secret)}`;
        const url = parse(written);
        const hidden = `rtsp://10.0.0.1:554${form.replace('X', '***')}`;

        const shown = [String(url), JSON.stringify(url), inspect(url)];
        // One that looks like a pair itself may hide what follows, too.
        if (!once.includes('%3D')) expect(shown).toEqual([hidden, `"${hidden}"`, `SafeUrl(${hidden})`]);
        expect(shown.join()).not.toMatch(/Zq9|Qz9/);
        expect(redactUrls(`[in] ${written}: refused`)).not.toMatch(/Zq9|Qz9/);
        expect(url.revealed()).toBe(written);
      }),
    );
  });

  it.each(['a@b', 'a&b', 'a/b;c,d_e', 'a?b', 'YWRt_aW4=', 'YWRt/aW==', '=Q9', 'a:b'])(
    'hides the password %s that is not encoded in the path',
    (secret) => {
      for (const form of PASSWORD_IN_PATH_OR_QUERY.filter((form) => form.includes('assword='))) {
        const written = `rtsp://10.0.0.1${form.replace('X', secret)}`;

        expect(parse(written).toString()).toBe(`rtsp://10.0.0.1${form.replace('X', '***')}`);
        expect(redactUrls(written)).not.toContain(secret);
      }
    },
  );

  it.each([
    '/key/Streaming/Channels/101',
    '/password/token.sdp',
    '/cam/realmonitor?channel=1&subtype=0',
    '/live/mp4:film.mp4',
    '/h264Preview_01_main',
    '/profile1=r/media.smp?proto=Onvif&profileid=0',
    '/axis-media/media.amp?videocodec=h264&resolution=640x480',
    '/live/ch00_0?unicast=true;stream=1',
  ])('hides nothing in %s', (path) => {
    expect(parse(`rtsp://10.0.0.1${path}`).toString()).toBe(`rtsp://10.0.0.1${path}`);
    expect(redactUrls(`at rtsp://10.0.0.1:554${path} and`)).toBe(`at rtsp://10.0.0.1:554${path} and`);
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
        const redacted = redactUrls(`Error opening input rtsp://u:Q${secret}@10.0.0.1:554/a: refused`);

        // A password that looks like a pair itself hides what follows, since the last @ may belong to its value.
        if (!/[/?&;_,%].*=/.test(secret)) {
          expect(redacted).toBe('Error opening input rtsp://u:***@10.0.0.1:554/a: refused');
        }
        expect(redacted).toMatch(/^Error opening input rtsp:\/\/u:\*\*\*(@10\.0\.0\.1:554\/a:)? refused$/);
      }),
    );
  });

  it('takes no longer than the text is long', () => {
    const started = process.cpuUsage();

    redactUrls('a://'.repeat(20_000));
    redactUrls(`rtsp://${':'.repeat(20_000)}`);
    redactUrls('?a=b'.repeat(10_000));
    redactUrls('?a'.repeat(50_000));
    redactUrls('/pass'.repeat(40_000));
    redactUrls(`/${'pass'.repeat(40_000)}`);
    redactUrls('&pass=a_b=c'.repeat(20_000));
    redactUrls(`rtsp://h${'/a:'.repeat(20_000)}`);

    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1000).toBeLessThan(3000);
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
