import { describe, expect, it } from 'vitest';
import { checkOffer, playoutDelayId } from '../../../../src/egress/webrtc/offer.ts';
import { iceServerLinks } from '../../../../src/egress/webrtc/whep-links.ts';
import { publicAddresses } from '../../../../src/egress/webrtc/public-addresses.ts';

const OFFER = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'm=video 9 UDP/TLS/RTP/SAVPF 96 102',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:secret',
  'a=fingerprint:sha-256 00',
  'a=recvonly',
  'a=rtpmap:96 VP8/90000',
  'a=rtpmap:102 H264/90000',
  '',
].join('\r\n');

describe('checkOffer', () => {
  it('takes an offer to receive H.264', () => {
    expect(() => checkOffer(OFFER)).not.toThrow();
  });

  it.each([
    ['is no session description', ''],
    ['is no session description', `v=0\r\n${'a'.repeat(70_000)}`],
    ['offers no video', OFFER.replace('m=video', 'm=audio')],
    ['offers no H.264', OFFER.replace('H264', 'VP9')],
    ['does not offer to receive video', OFFER.replace('recvonly', 'sendonly')],
    ['has no ICE or DTLS parameters', OFFER.replace('a=fingerprint', 'a=other')],
  ])('says that an offer %s', (message, offer) => {
    expect(() => checkOffer(offer)).toThrow(
      expect.objectContaining({ type: 'invalid-request', message: `the offer ${message}` }),
    );
  });
});

describe('playoutDelayId', () => {
  it('finds the number that the viewer gave to the extension', () => {
    const line = 'a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';

    expect([playoutDelayId(`v=0\r\n${line}\r\n`), playoutDelayId('v=0\r\n')]).toEqual([5, undefined]);
  });
});

describe('iceServerLinks', () => {
  it('names servers with their login, quoted', () => {
    const servers = [
      { url: 'stun:stun.example.org', username: '', credential: '' },
      { url: 'turn:turn.example.org?transport=tcp', username: 'bob', credential: 'a"b' },
    ];

    expect(iceServerLinks(servers)).toEqual([
      '<stun:stun.example.org>; rel="ice-server"',
      String.raw`<turn:turn.example.org?transport=tcp>; rel="ice-server"; username="bob"; credential="a\"b"; credential-type="password"`,
    ]);
  });
});

describe('publicAddresses', () => {
  it('looks names up and leaves out what does not exist', async () => {
    expect(await publicAddresses(['203.0.113.7', 'localhost', 'nowhere.invalid'])).toEqual(
      expect.arrayContaining(['203.0.113.7', '127.0.0.1']),
    );
  });
});
