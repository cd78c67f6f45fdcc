import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicClock } from '../../src/common/clock.ts';
import { RtspServer } from '../../src/egress/rtsp/server.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { LivePanorama } from '../helpers/live-panorama.ts';
import {
  startRtmpReceiver,
  startRtspReceiver,
  type RtmpReceiver,
  type RtspReceiver,
} from '../helpers/push-receivers.ts';
import { runProgram } from '../helpers/run-program.ts';
import { eventually, freePort, SeamlineServer, type JobView } from '../helpers/seamline-server.ts';

interface PushView {
  readonly url: string;
  readonly state: string;
  readonly reason: string;
}

let folder: string;
let cameras: LivePanorama;
let cameraServer: RtspServer;
let server: SeamlineServer;
let rtmp: RtmpReceiver;
let rtsp: RtspReceiver;
let silent: Server;
let job: JobView;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seamline-'));
  cameras = await LivePanorama.start('camera', 2000);
  const options = { host: '127.0.0.1', port: 0, udpPort: 0, registry: cameras.registry, clock: monotonicClock };
  cameraServer = new RtspServer({ ...options, log: silentLogger });
  silent = createServer((socket) => socket.on('error', () => undefined).pause());
  await Promise.all([
    cameraServer.listen(),
    new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve)),
  ]);
  [server, rtmp, rtsp] = await Promise.all([
    SeamlineServer.start({ SEAMLINE_PUSH_CONNECT_TIMEOUT_MS: '3000', SEAMLINE_PUSH_STALL_TIMEOUT_MS: '3000' }),
    startRtmpReceiver(folder, { isRecording: true }),
    startRtspReceiver(folder),
  ]);
  const camera = `rtsp://127.0.0.1:${cameraServer.port}/camera`;
  const { port: stalled } = silent.address() as { readonly port: number };
  job = await server.stitch({
    url1: camera,
    url2: `${camera}?second`,
    output_url: `rtmp://127.0.0.1:${rtmp.port}/live/canary`,
    output_urls: [
      `rtsp://127.0.0.1:${rtsp.port}/in`,
      `rtmp://127.0.0.1:${await freePort()}/live/nobody`,
      `rtsp://127.0.0.1:${stalled}/in`,
      `rtsp://127.0.0.1:${server.rtspPort}/site/roof`,
    ],
  });
});

afterAll(async () => {
  await server?.stop();
  await cameraServer?.close();
  await cameras?.close();
  await Promise.all([rtmp?.server.stop(), rtsp?.server.stop()]);
  silent?.close();
  await rm(folder, { recursive: true });
});

async function pushes(): Promise<readonly PushView[]> {
  const { outputs } = (await server.job(job.id)) as JobView & { outputs: { pushes: readonly PushView[] } };
  return outputs.pushes;
}

/** Codec, size and number of pictures of a recording. */
async function probed(file: string): Promise<string> {
  const show = ['-count_packets', '-show_entries', 'stream=codec_name,width,height,nb_read_packets', '-of', 'csv=p=0'];
  return (await runProgram('ffprobe', ['-v', 'error', ...show, file])).stdout.toString().trim();
}

describe('a job with several outputs', () => {
  it('is pushed to all that take it, and says of each of the others why not', async () => {
    const states = await eventually('the pushes', 60_000, async () => {
      const all = await pushes();
      const isSettled = all[0]?.state === 'running' && all[1]?.state === 'running' && all[3]?.state === 'retrying';
      return isSettled ? all : undefined;
    });

    expect(states.map(({ url }) => url)).toEqual([
      `rtmp://127.0.0.1:${rtmp.port}/live/***`,
      `rtsp://127.0.0.1:${rtsp.port}/in`,
      expect.stringMatching(/\/live\/\*\*\*$/),
      expect.stringMatching(/^rtsp:.*\/in$/),
    ]);
    expect(states[2]!.reason).toContain('refused');
    expect(states[3]!.reason).not.toBe('');
    expect(JSON.stringify(await server.job(job.id))).not.toContain('canary');
  });

  it('plays under its own path here, too', async () => {
    const show = ['-v', 'error', '-rtsp_transport', 'tcp', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0'];
    const { stdout } = await runProgram('ffprobe', [...show, server.rtsp('site/roof')]);

    expect(stdout.toString().trim()).toBe('h264');
  });

  it('does not interrupt an output when another one dies', async () => {
    const before = (await stat(join(folder, 'canary.flv'))).size;

    rtsp.server.kill();

    await eventually('the end of the other push', 20_000, async () =>
      (await pushes())[1]?.state === 'retrying' ? true : undefined,
    );
    await eventually('more of this one', 20_000, async () =>
      (await stat(join(folder, 'canary.flv'))).size > before + 100_000 ? true : undefined,
    );
    expect((await pushes())[0]!.state).toBe('running');
  });

  it('leaves whole recordings on both servers, and no push behind when it is deleted', async () => {
    const answer = await fetch(`${server.url}/stitch/${job.id}`, { method: 'DELETE' });
    expect(answer.status).toBe(204);
    expect((await runProgram('pgrep', ['-f', `rtmp://127.0.0.1:${rtmp.port}/`])).exitCode).toBe(1);

    const [byRtmp, byRtsp] = await Promise.all([probed(join(folder, 'canary.flv')), probed(rtsp.file)]);

    const pattern = /^h264,(\d+),(\d+),(\d+)$/;
    expect(pattern.exec(byRtmp)?.slice(1, 3)).toEqual(pattern.exec(byRtsp)?.slice(1, 3));
    expect(Number(pattern.exec(byRtmp)?.[3])).toBeGreaterThan(50);
    expect(Number(pattern.exec(byRtsp)?.[3])).toBeGreaterThan(25);
  });
});
