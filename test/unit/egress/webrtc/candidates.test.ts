import { describe, expect, it } from 'vitest';
import { mediaAddresses, withCandidates } from '../../../../src/egress/webrtc/candidates.ts';

const OWN = ['127.0.0.1', '192.168.1.2', '::1', 'fe80::1', '2001:db8::2', '169.254.3.4'];

describe('mediaAddresses', () => {
  it('names the interfaces, then what the machine is called from elsewhere, then loopback', () => {
    expect(mediaAddresses('0.0.0.0', ['203.0.113.7'], OWN)).toEqual(['192.168.1.2', '203.0.113.7', '127.0.0.1']);
  });

  it('names IPv6 too when both are bound, without addresses that need a zone', () => {
    expect(mediaAddresses('::', [], OWN)).toEqual(['192.168.1.2', '2001:db8::2', '127.0.0.1', '::1']);
  });

  it('names the bound address alone, once', () => {
    expect(mediaAddresses('192.168.1.2', ['192.168.1.2'], OWN)).toEqual(['192.168.1.2']);
  });
});

describe('withCandidates', () => {
  it('names each address with UDP and TCP, UDP first, in place of what stood there', () => {
    const answer = ['a=mid:0', 'a=candidate:x 1 udp 1 0.0.0.0 1 typ host', 'a=end-of-candidates', ''].join('\r\n');

    expect(withCandidates(answer, ['10.0.0.2', '203.0.113.7'], 8189).split('\r\n')).toEqual([
      'a=mid:0',
      'a=candidate:10 1 udp 2130706431 10.0.0.2 8189 typ host',
      'a=candidate:11 1 udp 2130706175 203.0.113.7 8189 typ host',
      'a=candidate:20 1 tcp 1526726655 10.0.0.2 8189 typ host tcptype passive',
      'a=candidate:21 1 tcp 1526726399 203.0.113.7 8189 typ host tcptype passive',
      'a=end-of-candidates',
      '',
    ]);
  });
});
