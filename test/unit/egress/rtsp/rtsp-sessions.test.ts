import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { loggerOver } from '../../../../src/logging/logger.ts';
import { parseRtp } from '../../../../src/media/rtp/packet.ts';
import { parseRtcp, writeReceiverReport } from '../../../../src/media/rtp/rtcp.ts';
import { closeAll, startRtspServer, udpPair } from '../../../helpers/rtsp-server.ts';
import { RtspTestClient, sessionOf } from '../../../helpers/rtsp-test-client.ts';

afterEach(closeAll);

describe('RtspSession', () => {
  it('offers GET_PARAMETER, which players keep a session alive with', async () => {
    const client = await (await startRtspServer()).client();

    const answer = await client.request('OPTIONS');

    expect(answer.status).toBe(200);
    expect(answer.headers.get('public')).toBe(
      'OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER',
    );
  });

  it('plays over the connection on the channels that the client chose', async () => {
    const { client, publishFormat, publish } = await startRtspServer();
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
    const { client, publishFormat, publish, clock } = await startRtspServer();
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
    const { client, publishFormat, publish, keyframeRequests } = await startRtspServer();
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
    const { client, publishFormat } = await startRtspServer({ playTimeoutMs: 20 });
    publishFormat();
    const player = await client();

    const { answer } = await player.play();

    expect(answer.headers.get('rtp-info')).toMatch(/;seq=\d+$/);
  });

  it('plays over UDP from its own pair of ports', async () => {
    const { client, publishFormat, publish } = await startRtspServer();
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

  it('stops on PAUSE and goes on with PLAY, with sequence numbers that go on too', async () => {
    const { client, publishFormat, publish } = await startRtspServer();
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
    const { client, publishFormat, publish, server } = await startRtspServer();
    publishFormat();
    publish(1, true);
    const player = await client();
    const { session } = await player.play();

    expect((await player.request('TEARDOWN', player.url, { Session: session })).status).toBe(200);

    expect(server.sessions).toBe(0);
    expect((await player.request('PLAY', player.url, { Session: session })).status).toBe(454);
  });

  it('removes a silent UDP session, and keeps one whose receiver reports come', async () => {
    const { client, publishFormat, publish, server, clock } = await startRtspServer();
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
    const { client, publishFormat, server, clock } = await startRtspServer();
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
    const { client, publishFormat, publish, server, hub, clock } = await startRtspServer({ maxQueuedBytes: 64 * 1024 });
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
    const { client, publishFormat, publish, registry, server } = await startRtspServer();
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
    const { client, publishFormat, publish, server, hub } = await startRtspServer();
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
    const { client, publishFormat } = await startRtspServer({ maxSessions: 1 });
    publishFormat();
    const player = await client();
    await player.setup('RTP/AVP/TCP;unicast;interleaved=0-1');

    expect((await player.setup('RTP/AVP/TCP;unicast;interleaved=2-3')).status).toBe(453);
  });

  it('serves IPv4 and IPv6 from one address', async () => {
    const { client, publishFormat, publish } = await startRtspServer({ host: '::' });
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
    const { client, publishFormat, publish, server } = await startRtspServer();
    publishFormat();
    publish(1, true);
    const player = await client();
    await player.play();
    const { port } = server;

    await Promise.all([server.close(), server.close()]);

    await player.closed();
    await expect(RtspTestClient.connect(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('takes no more connections of one address than half, others still get theirs', async () => {
    const warnings: unknown[] = [];
    const log = loggerOver((level, message, fields) => level === 'warn' && warnings.push([message, fields]));
    const { server, client } = await startRtspServer({ maxConnections: 6, log });
    const first = await Promise.all([client(), client(), client()]);
    expect((await first[0]!.request('OPTIONS')).status).toBe(200);

    const refused = await client();
    await refused.closed();
    const other = connect({ host: '127.0.0.1', port: server.port, localAddress: '127.0.0.2' });
    other.write('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n');
    expect(String((await once(other, 'data'))[0])).toContain('RTSP/1.0 200 OK');
    expect(warnings).toEqual([['rtsp connections refused, there are too many', { count: 1, client: '127.0.0.1' }]]);

    // A place that has become free is given again.
    first[1]!.close();
    await expect.poll(async () => (await (await client()).request('OPTIONS').catch(() => undefined))?.status).toBe(200);
    other.destroy();
  });

  it('says which port is taken', async () => {
    const { server } = await startRtspServer();

    await expect(startRtspServer({ port: server.port })).rejects.toMatchObject({ type: 'port-in-use' });
  });
});
