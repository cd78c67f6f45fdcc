import { describe, expect, it } from 'vitest';
import { iceServerLinks, type IceServer } from '../../../src/egress/webrtc/whep-links.ts';

const { iceServersOf } = (await import(new URL('../../../src/viewer/assets/ice-servers.js', import.meta.url).href)) as {
  iceServersOf(header: string): unknown;
};

describe('iceServersOf', () => {
  it('reads what the server writes, whatever the login holds', () => {
    const servers: IceServer[] = [
      { url: 'stun:stun.example.org', username: '', credential: '' },
      {
        url: 'turns:turn.example.org:5349?transport=tcp',
        username: 'bob, "the" one',
        credential: String.raw`<a\b>; c="d"`,
      },
    ];

    expect(iceServersOf(iceServerLinks(servers).join(', '))).toEqual([
      { urls: 'stun:stun.example.org' },
      {
        urls: 'turns:turn.example.org:5349?transport=tcp',
        username: 'bob, "the" one',
        credential: String.raw`<a\b>; c="d"`,
      },
    ]);
  });

  it('leaves out links of other kinds', () => {
    expect(
      iceServersOf('<https://example.org>; rel=ice-server, <stun:a>; rel="next", <stun:b>; rel=ice-server'),
    ).toEqual([{ urls: 'stun:b' }]);
    expect(iceServersOf('')).toEqual([]);
  });
});
