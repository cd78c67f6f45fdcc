import { afterEach, describe, expect, it } from 'vitest';
import { aFormat } from '../../../helpers/access-units.ts';
import { UdpPorts } from '../../../../src/egress/rtsp/udp-ports.ts';
import { closeAll, startRtspServer } from '../../../helpers/rtsp-server.ts';
import { sessionOf } from '../../../helpers/rtsp-test-client.ts';

afterEach(closeAll);

describe('RtspServer', () => {
  it('describes a stream with its parameter sets', async () => {
    const { client, publishFormat } = await startRtspServer();
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
    const { client, publishFormat } = await startRtspServer();
    const player = await client();
    const pending = player.request('DESCRIBE');
    await (await client()).request('OPTIONS');

    publishFormat();

    expect((await pending).status).toBe(200);
  });

  it('answers 503 with a pause when the first picture takes too long', async () => {
    const { client } = await startRtspServer({ describeTimeoutMs: 20 });

    const answer = await (await client()).request('DESCRIBE');

    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
  });

  it('answers 404 for a path that no job has, and for one whose job ends meanwhile', async () => {
    const { client, registry } = await startRtspServer();
    expect((await (await client('other')).request('DESCRIBE')).status).toBe(404);
    const player = await client();
    const pending = player.request('DESCRIBE');
    await (await client()).request('OPTIONS');

    registry.close('live');

    expect((await pending).status).toBe(404);
  });

  it('refuses transports that it does not have, so that players try the next', async () => {
    const { client, publishFormat } = await startRtspServer({ udpPort: undefined });
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

  it('sends RTP over UDP from the configured port and the one after it', async () => {
    const found = await UdpPorts.open('127.0.0.1', 0, () => undefined);
    await found.close();
    const { client, publishFormat } = await startRtspServer({ udpPort: found.rtpPort });
    publishFormat();

    const setup = await (await client()).setup('RTP/AVP;unicast;client_port=5000-5001');

    expect(setup.headers.get('transport')).toContain(`server_port=${found.rtpPort}-${found.rtpPort + 1}`);
    await expect(startRtspServer({ udpPort: found.rtpPort })).rejects.toMatchObject({ type: 'port-in-use' });
  });

  it('takes another SETUP of the same session with another transport', async () => {
    const { client, publishFormat, publish } = await startRtspServer();
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
    const { client, publishFormat } = await startRtspServer();
    publishFormat();
    const player = await client();
    await player.setup('RTP/AVP/TCP;unicast;interleaved=0-1');

    const second = await player.setup('RTP/AVP/TCP;unicast;interleaved=0-1');
    const third = await player.setup('RTP/AVP/TCP;unicast');

    expect(second.headers.get('transport')).toContain('interleaved=2-3');
    expect(third.headers.get('transport')).toContain('interleaved=4-5');
  });

  it('does not offer publishing', async () => {
    const player = await (await startRtspServer()).client();

    const announce = await player.request('ANNOUNCE', player.url, { 'Content-Type': 'application/sdp' }, 'v=0\r\n');
    const record = await player.request('RECORD');

    expect([announce.status, record.status, announce.headers.has('allow')]).toEqual([405, 405, true]);
  });

  it('refuses what it does not know in the words of the standard', async () => {
    const { client, publishFormat } = await startRtspServer();
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
    const player = await (await startRtspServer()).client();

    player.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await player.closed();

    expect(player.messages.map((message) => message.kind === 'response' && message.status)).toEqual([400]);
  });

  it('cuts a client that sends requests faster than they are answered', async () => {
    const player = await (await startRtspServer()).client();

    for (let i = 1; i < 40; i += 1) player.socket.write(`DESCRIBE ${player.url} RTSP/1.0\r\nCSeq: ${i}\r\n\r\n`);

    await player.closed();
  });

  it('finds a path with slashes and with a query behind it', async () => {
    const { client, registry } = await startRtspServer();
    registry.open('site/roof east', () => undefined).publish({ kind: 'format', format: aFormat() });
    registry.open('site/roof%20east', () => undefined).publish({ kind: 'format', format: aFormat() });
    const player = await client('site/roof%20east?profile=main');

    expect((await player.request('DESCRIBE')).status).toBe(200);
    const setup = await player.setup('RTP/AVP/TCP;unicast;interleaved=0-1');

    expect(setup.status).toBe(200);
  });
});
