import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicClock } from '../../../src/common/clock.ts';
import { UNVERIFIED } from '../../../src/egress/push/push-socket.ts';
import { PushStarter } from '../../../src/egress/push/push-starter.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { LivePanorama, readAllMarked } from '../../helpers/live-panorama.ts';
import {
  rtmpEnd,
  selfSignedCertificate,
  startRtmpReceiver,
  startRtspReceiver,
  type RtmpReceiver,
  type RtspReceiver,
} from '../../helpers/push-receivers.ts';
import { runProgram } from '../../helpers/run-program.ts';

const LONG = { timeout: 30_000 };

let folder: string;
let live: LivePanorama;
let rtmp: RtmpReceiver;
let rtsp: RtspReceiver;
const starters: PushStarter[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seamline-'));
  const pem = await selfSignedCertificate(folder);
  [live, rtmp, rtsp] = await Promise.all([
    LivePanorama.start(),
    startRtmpReceiver(folder, { pem }),
    startRtspReceiver(folder, ['--tls', pem]),
  ]);
});

afterAll(async () => {
  await Promise.all(starters.map((starter) => starter.close()));
  await live?.close();
  await Promise.all([rtmp?.server.stop(), rtsp?.server.stop()]);
  await rm(folder, { recursive: true });
});

function aStarter(certificateAuthorityFile?: string): PushStarter {
  const starter = new PushStarter({
    ffmpegPath: 'ffmpeg',
    clock: monotonicClock,
    log: silentLogger,
    random: () => 0,
    resolve: () => Promise.resolve('127.0.0.1'),
    limits: { connectTimeoutMs: 6000, stallTimeoutMs: 6000 },
    certificateAuthorityFile,
  });
  starters.push(starter);
  return starter;
}

async function picturesOf(input: string[]): Promise<(number | undefined)[]> {
  const output = ['-frames:v', '20', '-vsync', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', 'pipe:1'];
  return readAllMarked((await runProgram('ffmpeg', ['-loglevel', 'error', ...input, ...output])).stdout);
}

const addresses = (host: string): string[] => [
  `rtsps://${host}:${rtsp.port}/in`,
  `rtmps://${host}:${rtmp.tlsPort}/live/key`,
];

describe('pushes over TLS to servers with a certificate of their own', () => {
  it('are refused, and say why and what to do', async () => {
    const group = aStarter().start(live.hub, addresses('localhost'));

    await expect.poll(() => group.status().map(({ reason }) => reason), LONG).toEqual([UNVERIFIED, UNVERIFIED]);

    expect(group.status().map(({ state }) => state)).not.toContain('running');
    await group.close();
  });

  it('arrive whole when the certificate is named', async () => {
    const group = aStarter(join(folder, 'certificate.pem')).start(live.hub, addresses('localhost'));
    await expect.poll(() => group.status().map(({ state }) => state), LONG).toEqual(['running', 'running']);
    await expect.poll(async () => (await stat(rtsp.file)).size, LONG).toBeGreaterThan(100_000);

    const byRtmp = await picturesOf(['-i', `rtmp://127.0.0.1:${rtmp.port}/live/key`]);
    await group.close();
    expect(await rtmpEnd(rtmp, 'key')).toBe('deleteStream');
    await rtsp.server.stop();
    const byRtsp = await picturesOf(['-f', 'h264', '-i', rtsp.file]);

    for (const pictures of [byRtmp, byRtsp]) {
      expect(pictures).toHaveLength(20);
      expect(pictures).toEqual(pictures.map((_, at) => pictures[0]! + at));
    }
  });

  it('are refused when the name is not in the certificate', async () => {
    const at = `other.example.org:${rtmp.tlsPort}`;
    const urls = [`rtsps://${at}/in`, `rtmps://${at}/live/key`];
    const group = aStarter(join(folder, 'certificate.pem')).start(live.hub, urls);

    await expect.poll(() => group.status().map(({ reason }) => reason), LONG).toEqual([UNVERIFIED, UNVERIFIED]);

    await group.close();
  });
});
