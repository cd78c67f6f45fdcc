import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatInterleaved,
  formatRequest,
  formatResponse,
  MAX_BODY_BYTES,
  RtspHeaders,
  RtspParser,
  type RtspMessage,
} from '../../../src/media/rtsp-message.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

function plain(message: RtspMessage): unknown {
  if (message.kind === 'interleaved') return { ...message, data: [...message.data] };
  return { ...message, headers: message.headers.entries(), body: text(message.body) };
}

/** Parses the stream in pieces that end at the given positions. */
function parseInPieces(stream: Uint8Array, cuts: readonly number[]): unknown[] {
  const parser = new RtspParser();
  const ends = [...new Set([...cuts.map((cut) => cut % (stream.length + 1)), stream.length])].sort((a, b) => a - b);
  const messages: RtspMessage[] = [];
  let from = 0;
  for (const end of ends) {
    messages.push(...parser.push(stream.slice(from, end)));
    from = end;
  }
  return messages.map(plain);
}

const arbToken = fc
  .stringMatching(/^[A-Za-z][A-Za-z-]{0,12}$/)
  .filter((name) => name.toLowerCase() !== 'content-length');
const arbValue = fc.stringMatching(/^[!-~]([ -~]{0,30}[!-~])?$/);
const arbHeaders = fc.array(fc.tuple(arbToken, arbValue), { maxLength: 6 });
const arbBody = fc.stringMatching(/^([a-z][ -~\r\n]{0,80})?$/);
const toHeaders = (fields: [string, string][]): RtspHeaders => {
  const headers = new RtspHeaders();
  for (const [name, value] of fields) headers.append(name, value);
  return headers;
};
const arbWire = fc.oneof(
  fc
    .tuple(fc.constantFrom('OPTIONS', 'DESCRIBE', 'SET_PARAMETER'), arbHeaders, arbBody)
    .map(([method, fields, body]) => formatRequest(method, 'rtsp://camera/a', toHeaders(fields), bytes(body))),
  fc
    .tuple(fc.integer({ min: 100, max: 599 }), arbHeaders, arbBody)
    .map(([status, fields, body]) => formatResponse(status, 'Some Words', toHeaders(fields), bytes(body))),
  fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 300 }))
    .map(([channel, data]) => formatInterleaved(channel, data)),
);

describe('RtspParser', () => {
  it('reads the same messages wherever the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(arbWire, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 12 }), (wires, cuts) => {
        const stream = Uint8Array.from(wires.flatMap((wire) => [...wire]));

        const whole = parseInPieces(stream, []);

        expect(whole).toHaveLength(wires.length);
        expect(parseInPieces(stream, cuts)).toEqual(whole);
      }),
    );
  });

  it('reads what was formatted', () => {
    fc.assert(
      fc.property(arbHeaders, arbBody, (fields, body) => {
        const wire = formatRequest('ANNOUNCE', 'rtsp://h/p', toHeaders(fields), bytes(body));

        const [message] = new RtspParser().push(wire);

        const length = body === '' ? [] : [['Content-Length', String(body.length)]];
        expect(message && plain(message)).toEqual({
          kind: 'request',
          method: 'ANNOUNCE',
          uri: 'rtsp://h/p',
          version: '1.0',
          headers: [...fields, ...length],
          body,
        });
      }),
    );
  });

  it('only ever throws RangeError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 60 }), arbWire), { maxLength: 6 }), (chunks) => {
        const parser = new RtspParser();
        try {
          for (const chunk of chunks) parser.push(chunk);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  it('hands out packets that stand between the head and the body of a reply', () => {
    const stream = [
      bytes('RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 4\r\n\r\n'),
      formatInterleaved(0, Uint8Array.of(1, 2)),
      formatInterleaved(1, Uint8Array.of(3)),
      bytes('v=0\n'),
    ];

    const parser = new RtspParser();
    const messages = stream.flatMap((chunk) => parser.push(chunk));

    expect(messages.map((message) => message.kind)).toEqual(['interleaved', 'interleaved', 'response']);
    expect(plain(messages[2] as RtspMessage)).toMatchObject({ status: 200, body: 'v=0\n' });
  });

  it('accepts line breaks of LF alone, folded fields and empty lines between messages', () => {
    const wire = bytes('\r\n\r\nRTSP/1.0 200 OK\nCSeq: 1\nTransport: RTP/AVP/TCP;\n interleaved=0-1\n\n');

    const [message] = new RtspParser().push(wire);

    expect(message && plain(message)).toMatchObject({
      headers: [
        ['CSeq', '1'],
        ['Transport', 'RTP/AVP/TCP; interleaved=0-1'],
      ],
    });
  });

  it('refuses a body that is too large before it arrives', () => {
    const wire = bytes(`RTSP/1.0 200 OK\r\nContent-Length: ${MAX_BODY_BYTES + 1}\r\n\r\n`);

    expect(() => new RtspParser().push(wire)).toThrow(RangeError);
  });

  it('refuses an endless head', () => {
    const parser = new RtspParser();
    parser.push(bytes('RTSP/1.0 200 OK\r\n'));

    expect(() => {
      for (let count = 0; count < 100; count += 1) parser.push(bytes(`X-Filler: ${'a'.repeat(1000)}\r\n`));
    }).toThrow('too large');
  });

  it('sees at once that a server speaks HTTP or something binary', () => {
    expect(() => new RtspParser().push(bytes('HTTP/1.1 400 Bad Request\r\n\r\n'))).toThrow(RangeError);
    expect(() => new RtspParser().push(Uint8Array.of(0x16, 3, 1, 2))).toThrow(RangeError);
  });
});

describe('RtspHeaders', () => {
  it('compares names without regard to case and keeps the order', () => {
    const headers = new RtspHeaders({ CSeq: '1' })
      .append('WWW-Authenticate', 'Basic')
      .append('www-authenticate', 'Digest');

    expect(headers.get('cseq')).toBe('1');
    expect(headers.getAll('WWW-AUTHENTICATE')).toEqual(['Basic', 'Digest']);
    expect(headers.set('cSeq', '2').get('CSeq')).toBe('2');
  });

  it('refuses values that would begin a header of their own', () => {
    expect(() => new RtspHeaders().set('Session', '1\r\nEvil: 2')).toThrow(RangeError);
    expect(() => formatRequest('PLAY', 'rtsp://h/\r\nEvil:1', new RtspHeaders())).toThrow(RangeError);
  });
});
