import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { SteppedClock } from '../../../../src/common/clock.ts';
import { StreamRegistry } from '../../../../src/egress/stream-registry.ts';
import { RtspServer, type RtspServerOptions } from '../../../../src/egress/rtsp/server.ts';
import { silentLogger } from '../../../../src/logging/logger.ts';
import { parseRtcp, writeReceiverReport } from '../../../../src/media/rtp/rtcp.ts';
import { parseRtp } from '../../../../src/media/rtp/packet.ts';
import { aFormat, anAccessUnit } from '../../../helpers/access-units.ts';
import { RtspTestClient, sessionOf } from '../../../helpers/rtsp-test-client.ts';

const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const thing of opened.splice(0).toReversed()) await thing.close();
});

async function setUp(options: Partial<RtspServerOptions> = {}) {
  const clock = new SteppedClock(1e9);
  const registry = new StreamRegistry(clock);
  let requests = 0;
  const hub = registry.open('live', () => (requests += 1));
  const server = new RtspServer({
    host: '127.0.0.1',
    port: 0,
    udpPort: 0,
    registry,
    clock,
    log: silentLogger,
    wallClockMs: () => 1_700_000_000_000,
    ...options,
  });
  await server.listen();
  opened.push(server);
  let frame = 0;
  return {
    clock,
    registry,
    hub,
    server,
    keyframeRequests: () => requests,
    publishFormat: () => hub.publish({ kind: 'format', format: aFormat() }),
    /** Publishes pictures, the first of them a key frame when asked. */
    publish: (count: number, startsWithKeyframe = false, bytes = 100) => {
      for (let i = 0; i < count; i += 1) {
        hub.publish({ kind: 'access-unit', unit: anAccessUnit(frame, startsWithKeyframe && i === 0, bytes) });
        frame += 1;
        clock.advance(40_000);
      }
    },
    client: async (path?: string, host?: string) => {
      const client = await RtspTestClient.connect(server.port, path, host);
      opened.push(client);
      return client;
    },
  };
}

async function udpPair(): Promise<{ rtp: UdpSocket; rtcp: UdpSocket; ports: string }> {
  const sockets = [createSocket('udp4'), createSocket('udp4')] as const;
  for (const socket of sockets) {
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    opened.push({ close: () => socket.close() });
  }
  const [rtp, rtcp] = sockets;
  return { rtp, rtcp, ports: `${rtp.address().port}-${rtcp.address().port}` };
}

describe('RtspServer', () => {
  it('offers GET_PARAMETER, which players keep a session alive with', async () => {
    const client = await (await setUp()).client();

    const answer = await client.request('OPTIONS');

    expect(answer.status).toBe(200);
    expect(answer.headers.get('public')).toBe(
      'OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER',
    );
  });

  it('describes a stream with its parameter sets', async () => {
    const { client, publishFormat } = await setUp();
    publishFormat();
    const player = await client();

    const answer = await player.request('DESCRIBE', player.url, { Accept: 'application/sdp' });

    expect(answer.headers.get('content-base')).toBe(`${player.url}/`);
    const sdp = new TextDecoder().decode(answer.body);
    expect(sdp).toContain(
      'a=fmtp:96 packetization-mode=1;profile-level-id=42C01E;sprop-parameter-sets=Z0LAHtkAoC/5cBEAAAMAAQAAAwA8DxYuSA==,aMuDyyA=\r\n',
    );
    expect(sdp).toContain('a=framesize:96 640-352\r\n');
    expect(sdp).toContain('a=control:trackID=0\r\n');
  });

  it('holds DESCRIBE until the first parameter sets exist', async () => {
    const { client, publishFormat } = await setUp();
    const player = await client();
    const pending = player.request('DESCRIBE');
    await (await client()).request('OPTIONS');

    publishFormat();

    expect((await pending).status).toBe(200);
  });

  it('answers 503 with a pause when the first picture takes too long', async () => {
    const { client } = await setUp({ describeTimeoutMs: 20 });

    const answer = await (await client()).request('DESCRIBE');

    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
  });

  it('answers 404 for a path that no job has, and for one whose job ends meanwhile', async () => {
    const { client, registry } = await setUp();
    expect((await (await client('other')).request('DESCRIBE')).status).toBe(404);
    const player = await client();
    const pending = player.request('DESCRIBE');
    await (await client()).request('OPTIONS');

    registry.close('live');

    expect((await pending).status).toBe(404);
  });

  it('plays over the connection on the channels that the client chose', async () => {
    const { client, publishFormat, publish } = await setUp();
    publishFormat();
    publish(3, true, 3000);
    const player = await client();

    const { answer } = await player.play('6-7');
    publish(2);
    const packets = await player.until(
      () => (player.packets(6).length >= 11 ? player.packets(6) : undefined),
      'packets',
    );

    const rtp = packets.map(({ data }) => parseRtp(data)!);
    const info = /seq=(\d+);rtptime=(\d+)$/.exec(answer.headers.get('rtp-info')!)!;
    expect(answer.headers.get('rtp-info')).toContain(`url=${player.url}/trackID=0;`);
    expect([rtp[0]!.sequence, rtp[0]!.timestamp]).toEqual([Number(info[1]), Number(info[2])]);
    expect(rtp.map(({ marker }) => marker)).toEqual([
      false,
      false,
      true,
      false,
      false,
      true,
      false,
      false,
      true,
      true,
      true,
    ]);
    expect(new Set(rtp.map(({ timestamp }) => (timestamp - rtp[0]!.timestamp + 2 ** 32) % 2 ** 32))).toEqual(
      new Set([0, 3600, 7200, 10_800, 14_400]),
    );
    expect(rtp.map(({ sequence }) => (sequence - rtp[0]!.sequence) & 0xffff)).toEqual(rtp.map((_, at) => at));
  });

  it('sends a sender report before the first packet, and one every five seconds', async () => {
    const { client, publishFormat, publish, clock } = await setUp();
    publishFormat();
    publish(1, true);
    const player = await client();
    await player.play();
    const first = await player.until(() => player.packets(1)[0], 'the first report');
    expect(player.messages.indexOf(first)).toBeLessThan(player.messages.indexOf(player.packets(0)[0]!));

    clock.advance(5_000_000);
    const second = await player.until(() => player.packets(1)[1], 'the second report');

    const reports = [first, second].map(({ data }) => parseRtcp(data)[0]!);
    const [early, late] = reports.map((report) => (report.kind === 'sender-report' ? report : undefined));
    expect(early).toMatchObject({ wallUs: 1_700_000_000_000_000, packets: 0 });
    expect(late).toMatchObject({ packets: 1, octets: 100 });
    expect((late!.rtpTimestamp - early!.rtpTimestamp + 2 ** 32) % 2 ** 32).toBe(450_000);
  });

  it('asks for a key frame and answers PLAY when it comes, so that RTP-Info is true', async () => {
    const { client, publishFormat, publish, keyframeRequests } = await setUp();
    publishFormat();
    publish(30, true);
    const player = await client();
    const setup = await player.setup('RTP/AVP/TCP;unicast;interleaved=0-1');
    const pending = player.request('PLAY', player.url, { Session: sessionOf(setup) });
    await (await client()).request('OPTIONS');

    publish(1, true);

    expect((await pending).headers.get('rtp-info')).toMatch(/rtptime=\d+$/);
    expect(keyframeRequests()).toBe(1);
  });

  it('answers PLAY without a time when no picture comes', async () => {
    const { client, publishFormat } = await setUp({ playTimeoutMs: 20 });
    publishFormat();
    const player = await client();

    const { answer } = await player.play();

    expect(answer.headers.get('rtp-info')).toMatch(/;seq=\d+$/);
  });

  it('plays over UDP from its own pair of ports', async () => {
    const { client, publishFormat, publish } = await setUp();
    publishFormat();
    publish(1, true);
    const player = await client();
    const { rtp, rtcp, ports } = await udpPair();
    const packet = once(rtp, 'message');
    const report = once(rtcp, 'message');

    const setup = await player.setup(`RTP/AVP;unicast;client_port=${ports}`);
    await player.request('PLAY', player.url, { Session: sessionOf(setup) });

    const transport = setup.headers.get('transport')!;
    const serverPorts = /server_port=(\d+)-(\d+);ssrc=([0-9A-F]{8})/.exec(transport)!;
    const [data, from] = (await packet) as [Uint8Array, { port: number }];
    expect(transport).toContain(`client_port=${ports}`);
    expect([from.port % 2, String(from.port), String(from.port + 1)]).toEqual([0, serverPorts[1], serverPorts[2]]);
    expect(parseRtp(data)!.ssrc).toBe(Number.parseInt(serverPorts[3]!, 16));
    expect(parseRtcp(((await report) as [Uint8Array])[0])[0]!.kind).toBe('sender-report');
  });

  it('refuses transports that it does not have, so that players try the next', async () => {
    const { client, publishFormat } = await setUp({ udpPort: undefined });
    publishFormat();
    const player = await client();

    expect((await player.setup('RTP/AVP;unicast;client_port=5000-5001')).status).toBe(461);
    expect((await player.setup('RTP/AVP;multicast')).status).toBe(461);
    expect((await player.setup('RTP/SAVP/TCP;unicast;interleaved=0-1')).status).toBe(461);
    const tcp = await player.setup('RTP/AVP/TCP;unicast;interleaved=0-1');

    expect([tcp.status, tcp.headers.get('transport')]).toEqual([
      200,
      expect.stringMatching(/^RTP\/AVP\/TCP;unicast;interleaved=0-1;ssrc=/),
    ]);
  });

  it('takes another SETUP of the same session with another transport', async () => {
    const { client, publishFormat, publish } = await setUp();
    publishFormat();
    publish(1, true);
    const player = await client();
    const first = await player.setup('RTP/AVP;unicast;client_port=50000-50001');

    const second = await player.setup('RTP/AVP/TCP;unicast;interleaved=2-3', sessionOf(first));
    await player.request('PLAY', player.url, { Session: sessionOf(first) });

    expect(sessionOf(second)).toBe(sessionOf(first));
    await player.until(() => player.packets(2)[0], 'a packet');
  });

  it('gives two sessions of one connection different channels', async () => {
    const { client, publishFormat } = await setUp();
    publishFormat();
    const player = await client();
    await player.setup('RTP/AVP/TCP;unicast;interleaved=0-1');

    const second = await player.setup('RTP/AVP/TCP;unicast;interleaved=0-1');
    const third = await player.setup('RTP/AVP/TCP;unicast');

    expect(second.headers.get('transport')).toContain('interleaved=2-3');
    expect(third.headers.get('transport')).toContain('interleaved=4-5');
  });

  it('stops on PAUSE and goes on with PLAY, with sequence numbers that go on too', async () => {
    const { client, publishFormat, publish } = await setUp();
    publishFormat();
    publish(1, true);
    const player = await client();
    const { session } = await player.play();
    await player.until(() => player.packets(0)[0], 'a packet');

    expect((await player.request('PAUSE', player.url, { Session: session })).status).toBe(200);
    publish(5);
    await player.request('OPTIONS');
    expect(player.packets(0)).toHaveLength(1);
    publish(1, true);
    await player.request('PLAY', player.url, { Session: session });
    await player.until(() => player.packets(0)[1], 'the packet after the pause');

    const [before, after] = player.packets(0).map(({ data }) => parseRtp(data)!.sequence);
    expect((after! - before!) & 0xffff).toBe(1);
  });

  it('ends a session on TEARDOWN and keeps the connection', async () => {
    const { client, publishFormat, publish, server } = await setUp();
    publishFormat();
    publish(1, true);
    const player = await client();
    const { session } = await player.play();

    expect((await player.request('TEARDOWN', player.url, { Session: session })).status).toBe(200);

    expect(server.sessions).toBe(0);
    expect((await player.request('PLAY', player.url, { Session: session })).status).toBe(454);
  });

  it('does not offer publishing', async () => {
    const player = await (await setUp()).client();

    const announce = await player.request('ANNOUNCE', player.url, { 'Content-Type': 'application/sdp' }, 'v=0\r\n');
    const record = await player.request('RECORD');

    expect([announce.status, record.status, announce.headers.has('allow')]).toEqual([405, 405, true]);
  });

  it('refuses what it does not know in the words of the standard', async () => {
    const { client, publishFormat } = await setUp();
    publishFormat();
    const player = await client();

    expect((await player.request('REDIRECT')).status).toBe(501);
    expect((await player.request('DESCRIBE', player.url, { Require: 'com.real.feature' })).status).toBe(551);
    expect((await player.request('DESCRIBE', player.url, { Accept: 'application/rtsl' })).status).toBe(406);
    expect((await player.request('PLAY', player.url, { Session: 'nobody' })).status).toBe(454);
    expect((await player.request('GET_PARAMETER', player.url, {}, 'packets_received\r\n')).status).toBe(451);
    expect((await player.request('SETUP', `${player.url}/trackID=1`, { Transport: 'RTP/AVP/TCP' })).status).toBe(404);
  });

  it('answers 400 to what is not RTSP and closes', async () => {
    const player = await (await setUp()).client();

    player.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await player.closed();

    expect(player.messages.map((message) => message.kind === 'response' && message.status)).toEqual([400]);
  });

  it('cuts a client that sends requests faster than they are answered', async () => {
    const player = await (await setUp()).client();

    for (let i = 1; i < 40; i += 1) player.socket.write(`DESCRIBE ${player.url} RTSP/1.0\r\nCSeq: ${i}\r\n\r\n`);

    await player.closed();
  });

  it('removes a silent UDP session, and keeps one whose receiver reports come', async () => {
    const { client, publishFormat, publish, server, clock } = await setUp();
    publishFormat();
    publish(1, true);
    const player = await client();
    const { rtcp, ports } = await udpPair();
    const setup = await player.setup(`RTP/AVP;unicast;client_port=${ports}`);
    await player.request('PLAY', player.url, { Session: sessionOf(setup) });
    const [, rtcpPort, ssrc] = /server_port=\d+-(\d+);ssrc=(\w+)/.exec(setup.headers.get('transport')!)!;
    const block = {
      ssrc: Number.parseInt(ssrc!, 16),
      fractionLost: 0,
      lost: 0,
      highestSequence: 1,
      jitter: 0,
      lastSenderReport: 0,
      delay: 0,
    };

    clock.advance(50_000_000);
    const reported = once(rtcp, 'message');
    rtcp.send(writeReceiverReport(7, [block]), Number(rtcpPort), '127.0.0.1');
    await reported;
    clock.advance(50_000_000);
    await player.request('OPTIONS');
    expect(server.sessions).toBe(1);
    const goodbye = new Promise<void>((resolve) => {
      rtcp.on('message', (data) => {
        if (parseRtcp(data).some(({ kind }) => kind === 'bye')) resolve();
      });
    });
    clock.advance(61_000_000);
    await goodbye;

    expect(server.sessions).toBe(0);
  });

  it('keeps a session alive by GET_PARAMETER and OPTIONS', async () => {
    const { client, publishFormat, server, clock } = await setUp();
    publishFormat();
    const player = await client();
    const session = sessionOf(await player.setup('RTP/AVP/TCP;unicast;interleaved=0-1'));

    for (const method of ['GET_PARAMETER', 'OPTIONS', 'SET_PARAMETER']) {
      clock.advance(45_000_000);
      expect((await player.request(method, player.url, { Session: session })).status).toBe(200);
    }
    expect(server.sessions).toBe(1);
    clock.advance(61_000_000);
    await player.closed();

    expect(server.sessions).toBe(0);
  });

  it('skips a client that does not read, gives it up in the end, and the others never notice', async () => {
    const { client, publishFormat, publish, server, hub, clock } = await setUp({ maxQueuedBytes: 64 * 1024 });
    publishFormat();
    publish(1, true);
    const stalled = await client();
    const quick = await client();
    await stalled.play();
    await quick.play();
    stalled.socket.pause();

    const pictures = 250;
    for (let i = 0; i < pictures; i += 1) {
      publish(1, i % 50 === 0, 50_000);
      clock.advance(160_000);
      const { length } = quick.packets(0);
      await quick.until(() => (quick.packets(0).length > length ? true : undefined), 'the next picture');
    }

    const marked = quick.packets(0).filter(({ data }) => parseRtp(data)!.marker);
    await quick.until(() => (server.sessions === 1 ? true : undefined), 'the end of the stalled session');
    expect(hub.counters.skipped).toBeGreaterThan(50);
    expect(hub.counters.expelled).toBe(1);
    expect(marked.length).toBeGreaterThanOrEqual(pictures);
  });

  it('says goodbye and closes the connection when the job ends', async () => {
    const { client, publishFormat, publish, registry, server } = await setUp();
    publishFormat();
    publish(1, true);
    const player = await client();
    await player.play();

    registry.close('live', 'the job was deleted');
    await player.closed();

    const last = parseRtcp(player.packets(1).at(-1)!.data);
    expect(last.map(({ kind }) => kind)).toEqual(['sender-report', 'source-description', 'bye']);
    expect(server.sessions).toBe(0);
  });

  it('ends a session whose TCP connection breaks', async () => {
    const { client, publishFormat, publish, server, hub } = await setUp();
    publishFormat();
    publish(1, true);
    const player = await client();
    await player.play();
    const other = await client();

    player.close();
    await expect.poll(() => server.sessions).toBe(0);

    expect(hub.readers).toBe(0);
    expect((await other.request('OPTIONS')).status).toBe(200);
  });

  it('limits the sessions', async () => {
    const { client, publishFormat } = await setUp({ maxSessions: 1 });
    publishFormat();
    const player = await client();
    await player.setup('RTP/AVP/TCP;unicast;interleaved=0-1');

    expect((await player.setup('RTP/AVP/TCP;unicast;interleaved=2-3')).status).toBe(453);
  });

  it('serves IPv4 and IPv6 from one address', async () => {
    const { client, publishFormat, publish } = await setUp({ host: '::' });
    publishFormat();
    publish(1, true);

    for (const host of ['127.0.0.1', '::1']) {
      const player = await client('live', host);
      const sdp = new TextDecoder().decode((await player.request('DESCRIBE')).body);
      expect(sdp).toContain(host === '::1' ? 'IN IP6 ::1\r\n' : 'IN IP4 127.0.0.1\r\n');
      await player.play();
      await player.until(() => player.packets(0)[0], 'a packet');
    }
  });

  it('frees its ports and connections when it is closed, twice too', async () => {
    const { client, publishFormat, publish, server } = await setUp();
    publishFormat();
    publish(1, true);
    const player = await client();
    await player.play();
    const { port } = server;

    await Promise.all([server.close(), server.close()]);

    await player.closed();
    await expect(RtspTestClient.connect(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('says which port is taken', async () => {
    const { server } = await setUp();

    await expect(setUp({ port: server.port })).rejects.toMatchObject({ type: 'port-in-use' });
  });

  it('finds a path with slashes and with a query behind it', async () => {
    const { client, registry } = await setUp();
    registry.open('site/roof east', () => undefined).publish({ kind: 'format', format: aFormat() });
    registry.open('site/roof%20east', () => undefined).publish({ kind: 'format', format: aFormat() });
    const player = await client('site/roof%20east?profile=main');

    expect((await player.request('DESCRIBE')).status).toBe(200);
    const setup = await player.setup('RTP/AVP/TCP;unicast;interleaved=0-1');

    expect(setup.status).toBe(200);
  });
});
