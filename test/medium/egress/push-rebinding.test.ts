import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { monotonicClock } from '../../../src/common/clock.ts';
import { PushStarter } from '../../../src/egress/push/push-starter.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { SourcePolicy } from '../../../src/net/source-policy.ts';
import type { OwnedChild } from '../../../src/process/child.ts';
import { LivePanorama } from '../../helpers/live-panorama.ts';
import { selfSignedCertificate, startRtmpReceiver, startRtspReceiver } from '../../helpers/push-receivers.ts';

/** A name that no DNS knows: whoever asks the system for it does not get to the server. */
const NAME = 'push.rebinding.test';
const LONG = { timeout: 30_000 };

let live: LivePanorama;
let folder: string;
/** Key and certificate of a server under that name. */
let pem: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seamline-'));
  pem = await selfSignedCertificate(folder, NAME);
  live = await LivePanorama.start();
});

/** A server of each protocol. @returns its port and its process */
const receivers: Record<string, () => Promise<{ port: number; server: OwnedChild }>> = {
  rtsp: () => startRtspReceiver(folder),
  rtsps: () => startRtspReceiver(folder, ['--tls', pem]),
  rtmp: () => startRtmpReceiver(folder),
  rtmps: async () => {
    const { tlsPort = 0, server } = await startRtmpReceiver(folder, { pem });
    return { port: tlsPort, server };
  },
};

afterAll(async () => {
  await live?.close();
  await rm(folder, { recursive: true });
});

it.each([
  ['rtsp', 'in'],
  ['rtsps', 'in'],
  ['rtmp', 'live/key'],
  ['rtmps', 'live/key'],
])(
  'a push by %s goes to the address that was checked, and not to one that the name gets later',
  async (protocol, path) => {
    const { port, server } = await receivers[protocol]!();
    const asked: string[] = [];
    const policy = new SourcePolicy(
      { allow: ['loopback'], ownPorts: [] },
      () => ['127.0.0.1'],
      async (host) => {
        asked.push(host);
        return [asked.length === 1 ? '127.0.0.1' : '169.254.169.254'];
      },
    );
    const starter = new PushStarter({
      ...{ ffmpegPath: 'ffmpeg', clock: monotonicClock, log: silentLogger, random: () => 0 },
      resolve: (host, at) => policy.resolve(host, at),
      limits: { connectTimeoutMs: 6000, stallTimeoutMs: 6000 },
      certificateAuthorityFile: join(folder, 'certificate.pem'),
    });

    const group = starter.start(live.hub, [`${protocol}://${NAME}:${port}/${path}`]);
    await expect.poll(() => group.status()[0]?.state, LONG).toBe('running');
    expect(asked).toEqual([NAME]);
    server.kill();
    await expect.poll(() => group.status()[0]?.reason, LONG).toContain('link-local');

    expect(group.status()[0]?.state).toBe('retrying');
    await starter.close();
  },
);
