import { assert, property, string, webPath } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseTransport } from '../../../../src/egress/rtsp/transport-header.ts';
import { parseRequestTarget } from '../../../../src/egress/rtsp/request-target.ts';

describe('chooseTransport', () => {
  it.each([
    ['RTP/AVP;unicast;client_port=5000-5001', { kind: 'udp', ports: [5000, 5001] }],
    ['RTP/AVP/UDP;unicast;client_port=5000;mode="PLAY"', { kind: 'udp', ports: [5000, 5001] }],
    ['RTP/AVP/TCP;unicast;interleaved=10-11', { kind: 'tcp', channels: [10, 11] }],
    ['rtp/avp/tcp;interleaved=254-255', { kind: 'tcp', channels: [254, 255] }],
    ['RTP/AVP/TCP;unicast', { kind: 'tcp', channels: undefined }],
    ['RTP/AVP;multicast,RTP/AVP/TCP;interleaved=0-1', { kind: 'tcp', channels: [0, 1] }],
    ['RTP/SAVP;unicast;client_port=1-2, RTP/AVP;unicast;client_port=6000-6001', { kind: 'udp', ports: [6000, 6001] }],
  ])('takes %s', (header, expected) => {
    expect(chooseTransport(header)).toEqual(expected);
  });

  it.each([
    '',
    'RTP/AVP;multicast',
    'RTP/AVP;unicast',
    'RTP/AVP;unicast;client_port=0-1',
    'RTP/AVP;unicast;client_port=70000-70001',
    'RTP/AVP/TCP;interleaved=255-256',
    'RTP/AVP/TCP;interleaved=1-1',
    'RTP/AVP/TCP;unicast;interleaved=0-1;mode=record',
    'RAW/RAW/UDP;unicast;client_port=5000-5001',
  ])('has nothing for "%s"', (header) => {
    expect(chooseTransport(header)).toBeUndefined();
  });

  it('survives any text', () => {
    assert(property(string({ maxLength: 300 }), (text) => void chooseTransport(text)));
  });
});

describe('parseRequestTarget', () => {
  it.each([
    ['rtsp://host/live', 'live', false],
    ['rtsp://host:8554/live/', 'live', false],
    ['rtsp://host/a/b/trackID=0', 'a/b', true],
    ['rtsp://host/live?x=1/trackID=0', 'live', true],
    ['rtsp://[::1]:8554/live/trackID=0/', 'live', true],
    ['RTSP://host/a%20b', 'a%20b', false],
    ['rtsp://host/a/../b', 'b', false],
    ['rtsp://host', '', false],
  ])('reads %s', (uri, path, isTrack) => {
    expect(parseRequestTarget(uri)).toEqual({ path, isTrack });
  });

  it.each(['*', '/live', 'http://host/live', 'rtsp:///live', 'rtsp://host/live/trackID=1'])(
    'has nothing for %s',
    (uri) => {
      expect(parseRequestTarget(uri)).toBeUndefined();
    },
  );

  it('survives any text', () => {
    assert(property(webPath(), (path) => void parseRequestTarget(`rtsp://h${path}`)));
    assert(property(string(), (text) => void parseRequestTarget(`rtsp://h/${text}`)));
  });
});
