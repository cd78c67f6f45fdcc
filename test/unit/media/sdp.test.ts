import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSdp, rtpMapOf } from '../../../src/media/sdp.ts';

const CAMERA = `v=0
o=- 1 1 IN IP4 192.0.2.1
s=camera
c=IN IP4 0.0.0.0
t=0 0
a=control:*
m=audio 0 RTP/AVP 8
a=control:trackID=0
m=video 0 RTP/AVP 96 97
b=AS:4000
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1; profile-level-id=64001F;sprop-parameter-sets=Z2QAH6zZ,aOvjyyLA
a=rtpmap:97 h265/90000
a=framerate:12.5
a=recvonly
a=control:rtsp://192.0.2.1/stream/trackID=1
m=application 0 RTP/AVP 107
a=control:trackID=2
`.replaceAll('\n', '\r\n');

describe('parseSdp', () => {
  it('reads tracks with their codecs, parameters and addresses', () => {
    const { control, media } = parseSdp(CAMERA);

    expect(control).toBe('*');
    expect(media.map((medium) => [medium.kind, medium.control])).toEqual([
      ['audio', 'trackID=0'],
      ['video', 'rtsp://192.0.2.1/stream/trackID=1'],
      ['application', 'trackID=2'],
    ]);
    expect(media[1]).toMatchObject({
      payloadTypes: [96, 97],
      frameRate: 12.5,
      direction: 'recvonly',
      protocol: 'RTP/AVP',
    });
    expect(media[1]?.formats.get(96)?.get('sprop-parameter-sets')).toBe('Z2QAH6zZ,aOvjyyLA');
    expect(media[1] && rtpMapOf(media[1], 97)).toEqual({ codec: 'H265', clockRate: 90_000 });
    expect(media[0] && rtpMapOf(media[0], 8)?.codec).toBe('PCMA');
  });

  it('refuses what is no session description', () => {
    expect(() => parseSdp('<html></html>')).toThrow(RangeError);
  });

  it('is bounded in lines and media', () => {
    expect(() => parseSdp(`v=0\n${'m=video 0 RTP/AVP 96\n'.repeat(33)}`)).toThrow('too many media');
    expect(() => parseSdp(`v=0\n${'a=x\n'.repeat(2001)}`)).toThrow('too many lines');
  });

  it('only ever throws RangeError, whatever the lines', () => {
    const arbLine = fc.oneof(fc.string({ maxLength: 30 }), fc.constantFrom(...CAMERA.split('\r\n')));
    fc.assert(
      fc.property(fc.array(arbLine, { maxLength: 30 }), (lines) => {
        try {
          parseSdp(lines.join('\n'));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
