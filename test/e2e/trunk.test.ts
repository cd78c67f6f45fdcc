import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alignmentErrors, median, type MeshPair } from '../helpers/alignment-error.ts';
import { type DemoCameras, startDemoCameras } from '../helpers/demo-cameras.ts';
import { readDemoTruth } from '../helpers/demo-truth.ts';
import { ProcessFamily } from '../helpers/process-family.ts';
import { rtmpEnd, type RtmpReceiver, startRtmpReceiver } from '../helpers/push-receivers.ts';
import { RtspPlayer } from '../helpers/rtsp-player.ts';
import { runProgram } from '../helpers/run-program.ts';
import { eventually, type JobView, SeamlineServer } from '../helpers/seamline-server.ts';
import { processTree } from '../helpers/slowed-processes.ts';

interface Figures {
  readonly output: { readonly width: number; readonly height: number };
}

const VIEW = { widthPx: 1280, heightPx: 720 };

/** Times of the first pictures that a player receives, seconds. */
async function playedTimes(url: string, transport: string, count: number): Promise<number[]> {
  const args = ['-v', 'error', '-rtsp_transport', transport, '-i', url, '-frames:v', String(count)];
  const format = ['-map', '0:v', '-f', 'framehash', '-hash', 'crc32', '-'];
  const { stdout } = await runProgram('ffmpeg', [...args, ...format], 60_000);
  const lines = stdout.toString().split('\n');
  const base = /#tb 0: (\d+)\/(\d+)/.exec(stdout.toString());
  const scale = Number(base?.[1]) / Number(base?.[2]);
  return lines.flatMap((line) => (line.startsWith('0,') ? [Number(line.split(',')[2]) * scale] : []));
}

/** Mean luma of the left and the right third of one picture of a stream, and of its whole. */
async function lumaOfThirds(url: string): Promise<number[]> {
  const filter = 'scale=3:1:flags=area,format=gray';
  const args = ['-v', 'error', '-rtsp_transport', 'tcp', '-i', url, '-frames:v', '1', '-vf', filter];
  const { stdout } = await runProgram('ffmpeg', [...args, '-f', 'rawvideo', '-'], 60_000);
  return [...stdout];
}

describe('a stitch of the demo cameras', () => {
  let cameras: DemoCameras;
  let server: SeamlineServer;
  let job: JobView;

  beforeAll(async () => {
    cameras = await startDemoCameras('calm');
    server = await SeamlineServer.start();
    const curl = await runProgram('curl', [
      ...['-s', '-X', 'POST', '-H', 'Content-Type: application/json'],
      ...[
        '-d',
        `{"url1": "${cameras.left}", "url2": "${cameras.right}", "output_url": "rtsp://localhost:${server.rtspPort}/live"}`,
      ],
      `http://localhost:${server.httpPort}/stitch`,
    ]);
    job = JSON.parse(curl.stdout.toString()) as JobView;
    await server.waitForState(job.id, ['running'], 60_000);
  });

  afterAll(async () => {
    await server?.stop();
    await cameras?.child.stop();
  });

  it('is aligned on the far plane to less than a pixel in the median', async () => {
    const points = readDemoTruth('calm').farPoints(0);

    // The first alignment settles over the first comparisons.
    const error = await eventually('an alignment below one pixel', 20_000, async () => {
      const geometry = (await (await fetch(`${server.url}/stitch/${job.id}/geometry`)).json()) as MeshPair;
      const middle = median(alignmentErrors(geometry, VIEW, points));
      return middle < 1 ? middle : undefined;
    });

    expect(points.length).toBeGreaterThan(100);
    expect(error).toBeLessThan(1);
  });

  it('keeps still cameras still: no control point moves by more than a fifth of a pixel between panoramas', async () => {
    const geometries: MeshPair[] = [];
    for (let look = 0; look < 8; look += 1) {
      geometries.push((await (await fetch(`${server.url}/stitch/${job.id}/geometry`)).json()) as MeshPair);
      await new Promise((resolve) => setTimeout(resolve, 400));
    }

    const steps = geometries.slice(1).map((geometry, at) => {
      const before = geometries[at]!;
      const points = [...geometry.reference, ...geometry.target].flat();
      const others = [...before.reference, ...before.target].flat();
      return Math.max(...points.map(([x, y], index) => Math.hypot(x - others[index]![0], y - others[index]![1])));
    });
    // Ten panoramas lie between two looks.
    expect(Math.max(...steps)).toBeLessThan(2);
  });

  it.each(['tcp', 'udp'])('plays over %s with rising times at the rate of the cameras', async (transport) => {
    const plays: (readonly number[])[] = [];

    // A machine with other things to do may leave pictures out for a while.
    const middle = await eventually('the rate of the cameras', 60_000, async () => {
      const times = await playedTimes(server.rtsp('live'), transport, 50);
      plays.push(times.slice(1).map((time, index) => time - times[index]!));
      return median(plays.at(-1)!) < 0.06 ? median(plays.at(-1)!) : undefined;
    });

    expect(middle).toBeCloseTo(0.04, 2);
    expect(plays.map(({ length }) => length)).toEqual(plays.map(() => 49));
    expect(Math.min(...plays.flat())).toBeGreaterThan(0);
  });

  it('shows both views: no third of the picture is black', async () => {
    const thirds = await lumaOfThirds(server.rtsp('live'));

    expect(thirds).toHaveLength(3);
    expect(Math.min(...thirds)).toBeGreaterThan(50);
  });

  it('gives a snapshot of the output’s size', async () => {
    const address = `${server.url}/stitch/${job.id}/snapshot.jpg`;
    const answer = await fetch(address);
    const jpeg = new Uint8Array(await answer.arrayBuffer());
    const show = ['-v', 'error', '-show_entries', 'stream=width,height', '-of', 'csv=p=0'];
    const { stdout } = await runProgram('ffprobe', [...show, address]);
    const { output } = (await server.job(job.id))['figures'] as Figures;

    expect(answer.headers.get('content-type')).toBe('image/jpeg');
    expect([jpeg[0], jpeg[1]]).toEqual([0xff, 0xd8]);
    expect(jpeg.length).toBeGreaterThan(20_000);
    expect(stdout.toString().trim()).toBe(`${output.width},${output.height}`);
  });

  it('leaves no process behind when it is deleted', async () => {
    const [pid] = await processTree(`pipeline.main.js ${job.id}`);
    const family = await ProcessFamily.of(pid!);
    // The job process, two decoders and an encoder at least.
    expect((await family.left()).length).toBeGreaterThanOrEqual(4);

    const answer = await fetch(`${server.url}/stitch/${job.id}`, { method: 'DELETE' });

    expect(answer.status).toBe(204);
    expect(await family.left()).toEqual([]);
    expect((await fetch(`${server.url}/stitch/${job.id}`)).status).toBe(404);
  });
});

interface Running {
  readonly server: SeamlineServer;
  readonly family: ProcessFamily;
  readonly player: RtspPlayer;
}

describe('the end of processes', () => {
  let cameras: DemoCameras;
  let folder: string;
  let receiver: RtmpReceiver;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'seamline-end-'));
    cameras = await startDemoCameras('calm');
    receiver = await startRtmpReceiver(folder, { isRecording: true });
  });
  afterAll(async () => {
    await Promise.all([cameras?.child.stop(), receiver?.server.stop()]);
    await rm(folder, { recursive: true });
  });

  /** A server with a job that is watched and pushed, another one that hangs, and all that belongs to it. */
  async function running(key: string): Promise<Running> {
    // A job that hangs is killed after twice this time.
    const server = await SeamlineServer.start({ SEAMLINE_JOBS_STOP_TIMEOUT_MS: '500' });
    const [job, hanging] = [
      await server.stitch({
        ...{ url1: cameras.left, url2: cameras.right },
        output_urls: [`rtsp://localhost:${server.rtspPort}/watched`, `rtmp://127.0.0.1:${receiver.port}/live/${key}`],
      }),
      await server.stitch({ url1: 'rtsp://127.0.0.1:9/left', url2: 'rtsp://127.0.0.1:9/right' }),
    ];
    await server.waitForState(job.id, ['running', 'degraded'], 60_000);
    const player = new RtspPlayer(server.rtsp('watched'));
    await player.more(10, 60_000);
    const recording = join(folder, `${key}.flv`);
    await eventually(
      'pictures at the receiver',
      60_000,
      async () => (await stat(recording)).size > 10_000 || undefined,
    );
    const hangs = await processTree(`pipeline.main.js ${hanging.id}`);
    for (const pid of hangs) process.kill(pid, 'SIGSTOP');
    const family = await ProcessFamily.of(server.child.pid!);
    // Server, two job processes, two decoders, an encoder, the push.
    expect(family.commands.filter((command) => command.includes('pipeline.main.js'))).toHaveLength(2);
    expect(family.commands.filter((command) => command.includes(`rtmp://127.0.0.1:${receiver.port}/`))).toHaveLength(1);
    expect((await family.left()).length).toBeGreaterThanOrEqual(7);
    return { server, family, player };
  }

  it('comes within five seconds after SIGTERM, with nothing left, and every output is ended', async () => {
    const { server, family, player } = await running('asked');

    const exit = await server.child.stop(10_000);

    expect(exit).toMatchObject({ exitCode: 0, signal: null });
    expect(await family.left()).toEqual([]);
    expect(await player.ended).toBe(0);
    expect(await rtmpEnd(receiver, 'asked')).toBe('deleteStream');
    await server.stop();
  });

  it('comes within two seconds when the server is killed: no job and no ffmpeg survives', async () => {
    const { server, family, player } = await running('killed');

    server.child.kill();

    await server.child.exited;
    // As long as another process has for its two seconds, however busy the machine is.
    await runProgram('sleep', ['2']);
    expect(await family.left()).toEqual([]);
    expect(await player.ended).not.toBeNull();
    expect(await rtmpEnd(receiver, 'killed')).toBe('disconnect');
    await server.stop();
  });

  it('does not touch server and players when a job process is killed: the job goes on on the same outputs', async () => {
    const server = await SeamlineServer.start();
    const job = await server.stitch({ url1: cameras.left, url2: cameras.right });
    const before = (await server.waitForState(job.id, ['running'], 60_000))['figures'] as Figures;
    const player = new RtspPlayer(server.rtsp(job.id));
    await player.more(10, 20_000);
    const [pid] = await processTree(`pipeline.main.js ${job.id}`);

    process.kill(pid!, 'SIGKILL');

    await server.waitForState(job.id, ['degraded', 'starting', 'aligning'], 10_000);
    const again = await server.waitForState(job.id, ['running'], 60_000);
    expect(again['restarts']).toBe(1);
    await player.more(20, 20_000);
    expect(player.hasEnded).toBe(false);
    expect(player.stepsBack).toEqual([]);
    expect((again['figures'] as Figures).output).toEqual(before.output);
    expect(await playedTimes(server.rtsp(job.id), 'tcp', 10)).toHaveLength(10);
    player.stop();
    await server.stop();
  });
});
