import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicClock } from '../../../src/common/clock.ts';
import { RtspServer } from '../../../src/egress/rtsp/server.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { LivePanorama, readAllMarked } from '../../helpers/live-panorama.ts';
import { runProgram } from '../../helpers/run-program.ts';

const FRAMES = 30;
const PASSWORD = 'p%40ss';
const TOKEN = 'viewer-token-$&/@:%';

let live: LivePanorama;
let open: RtspServer;
let locked: RtspServer;
let tokens: RtspServer;
let folder: string;

beforeAll(async () => {
  live = await LivePanorama.start();
  const options = {
    host: '127.0.0.1',
    port: 0,
    udpPort: 0,
    registry: live.registry,
    clock: monotonicClock,
    log: silentLogger,
  };
  open = new RtspServer(options);
  locked = new RtspServer({ ...options, users: [{ name: 'bob', password: 'p@ss' }] });
  tokens = new RtspServer({ ...options, tokens: [`${TOKEN}-other`, TOKEN] });
  await Promise.all([open.listen(), locked.listen(), tokens.listen()]);
  folder = await mkdtemp(join(tmpdir(), 'seamline-'));
});

afterAll(async () => {
  await Promise.all([open.close(), locked.close(), tokens.close()]);
  await live.close();
  await rm(folder, { recursive: true });
});

const address = (server: RtspServer, login = ''): string => `rtsp://${login}127.0.0.1:${server.port}/live`;

/** Each plays FRAMES pictures of a stream and gives them back as raw I420. */
const players: Record<string, (url: string, transport: 'tcp' | 'udp') => Promise<Buffer>> = {
  ffmpeg: async (url, transport) => {
    const args = [
      '-loglevel',
      'error',
      '-rtsp_transport',
      transport,
      '-vsync',
      'passthrough',
      '-i',
      url,
      '-frames:v',
      String(FRAMES),
    ];
    return (await runProgram('ffmpeg', [...args, '-f', 'rawvideo', '-pix_fmt', 'yuv420p', 'pipe:1'])).stdout;
  },
  mpv: async (url, transport) => {
    const file = join(folder, `mpv-${transport}.yuv`);
    const output = [`--frames=${FRAMES}`, '--ao=null', `--o=${file}`, '--of=rawvideo', '--ovc=rawvideo'];
    await runProgram('mpv', ['--no-config', '--really-quiet', `--rtsp-transport=${transport}`, ...output, url]);
    return readFile(file);
  },
  'GStreamer rtspsrc': async (url, transport) => {
    const file = join(folder, `gstreamer-${transport}.yuv`);
    const decode = ['rtph264depay', '!', 'avdec_h264', '!', 'videoconvert', '!', 'video/x-raw,format=I420'];
    // eos-after=N passes N − 1 buffers.
    const sink = ['identity', `eos-after=${FRAMES + 1}`, '!', 'filesink', `location=${file}`];
    await runProgram('gst-launch-1.0', [
      '-q',
      'rtspsrc',
      `location=${url}`,
      `protocols=${transport}`,
      'latency=100',
      '!',
      ...decode,
      '!',
      ...sink,
    ]);
    return readFile(file);
  },
};

describe('RtspServer with real players', () => {
  for (const [name, play] of Object.entries(players)) {
    it.each(['tcp', 'udp'] as const)(`shows every picture in order in ${name} over %s`, async (transport) => {
      const pictures = readAllMarked(await play(address(open), transport));

      expect(pictures).toHaveLength(FRAMES);
      expect(pictures).toEqual(pictures.map((_, at) => pictures[0]! + at));
    });

    it(`lets ${name} log in by Digest, and nobody else`, async () => {
      expect(readAllMarked(await play(address(locked, `bob:${PASSWORD}@`), 'tcp'))).toHaveLength(FRAMES);

      const refused = await runProgram('ffprobe', [
        '-loglevel',
        'error',
        '-rtsp_transport',
        'tcp',
        '-i',
        address(locked),
      ]);
      expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('401')]);
    });
  }

  it.each(Object.entries(players))('lets %s in with a token as the password of anyone', async (_name, play) => {
    const login = `anyone:${encodeURIComponent(TOKEN)}@`;

    expect(readAllMarked(await play(address(tokens, login), 'tcp'))).toHaveLength(FRAMES);
  });

  it('gives times that rise with the pictures and a first picture within a second', async () => {
    const args = [
      '-loglevel',
      'error',
      '-rtsp_transport',
      'tcp',
      '-read_intervals',
      '%+#25',
      '-show_entries',
      'frame=pts_time',
    ];
    const { stdout } = await runProgram('ffprobe', [...args, '-of', 'csv=p=0', address(open)]);

    // ffmpeg itself gives no time to the first picture that its parser completes.
    const [, ...times] = stdout.toString().trim().split('\n').map(Number.parseFloat);
    const steps = times.slice(1).map((time, at) => time - times[at]!);
    expect(times).toHaveLength(24);
    expect(times[0]).toBeLessThan(1);
    expect(Math.min(...steps)).toBeGreaterThan(0);
    expect(times.at(-1)! - times[0]!).toBeCloseTo(23 * 0.04, 2);
  });

  it('ends players when the job ends', async () => {
    const other = await LivePanorama.start('short');
    const server = new RtspServer({
      host: '127.0.0.1',
      port: 0,
      udpPort: 0,
      registry: other.registry,
      clock: monotonicClock,
      log: silentLogger,
    });
    await server.listen();
    const url = `rtsp://127.0.0.1:${server.port}/short`;

    const playing = ['tcp', 'udp'].map((transport) =>
      runProgram('ffmpeg', ['-loglevel', 'error', '-rtsp_transport', transport, '-i', url, '-f', 'null', '-']),
    );
    await expect.poll(() => other.hub.readers).toBe(2);
    // Enough pictures for both to be past their probing, in which ffmpeg takes an end for a fault.
    const { units } = other.hub.counters;
    await expect.poll(() => other.hub.counters.units).toBeGreaterThan(units + 90);
    other.registry.close('short');

    expect((await Promise.all(playing)).map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    await server.close();
    await other.close();
  });
});
