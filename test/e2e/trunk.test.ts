import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alignmentErrors, median, type MeshPair } from '../helpers/alignment-error.ts';
import { type DemoCameras, startDemoCameras } from '../helpers/demo-cameras.ts';
import { readDemoTruth } from '../helpers/demo-truth.ts';
import { RtspPlayer } from '../helpers/rtsp-player.ts';
import { runProgram } from '../helpers/run-program.ts';
import { eventually, type JobView, SeamlineServer } from '../helpers/seamline-server.ts';
import { processTree } from '../helpers/slowed-processes.ts';

interface Figures {
  readonly output: { readonly width: number; readonly height: number };
}

const VIEW = { widthPx: 1280, heightPx: 720 };

/** Times of the pictures that a player receives, seconds. */
async function playedTimes(url: string, transport: string, seconds: number): Promise<number[]> {
  const args = ['-v', 'error', '-rtsp_transport', transport, '-i', url, '-t', String(seconds)];
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

/** What `ps` shows of the processes of a job or a server, by a word of their command lines. */
async function processesWith(word: string): Promise<string[]> {
  const { stdout } = await runProgram('ps', ['-eo', 'pid,args', '--no-headers', '-ww']);
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line.includes(word) && !line.includes('ps -eo'));
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
    const times = await playedTimes(server.rtsp('live'), transport, 4);

    const steps = times.slice(1).map((time, index) => time - times[index]!);
    expect(times.length).toBeGreaterThan(40);
    expect(Math.min(...steps)).toBeGreaterThan(0);
    expect(median(steps)).toBeCloseTo(0.04, 2);
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
    expect(await processesWith(`pipeline.main.js ${job.id}`)).toHaveLength(1);

    const answer = await fetch(`${server.url}/stitch/${job.id}`, { method: 'DELETE' });

    expect(answer.status).toBe(204);
    expect(await processesWith(job.id)).toEqual([]);
    expect((await fetch(`${server.url}/stitch/${job.id}`)).status).toBe(404);
  });
});

describe('the end of processes', () => {
  let cameras: DemoCameras;

  beforeAll(async () => {
    cameras = await startDemoCameras('calm');
  });
  afterAll(() => cameras?.child.stop());

  /** A server with one running job, and the pids of all that belongs to it. */
  async function running(): Promise<{ server: SeamlineServer; family: () => Promise<string[]>; job: JobView }> {
    const server = await SeamlineServer.start();
    const job = await server.stitch({ url1: cameras.left, url2: cameras.right });
    await server.waitForState(job.id, ['running', 'degraded'], 60_000);
    // Not every ffmpeg of the machine is the job's.
    const pids = new Set((await processTree(`pipeline.main.js ${job.id}`)).map(String));
    const family = async (): Promise<string[]> =>
      (await processesWith('')).filter(
        (line) => pids.has(line.trim().split(' ')[0] ?? '') || line.includes(`pipeline.main.js ${job.id}`),
      );
    expect((await family()).length).toBeGreaterThanOrEqual(4);
    return { server, family, job };
  }

  it('comes within five seconds after SIGTERM, with nothing left', async () => {
    const { server, family } = await running();

    const exit = await server.child.stop(10_000);

    expect(exit).toMatchObject({ exitCode: 0, signal: null });
    expect(await family()).toEqual([]);
    await server.stop();
  });

  it('comes within two seconds when the server is killed: no job and no ffmpeg survives', async () => {
    const { server, family } = await running();

    server.child.kill();

    await server.child.exited;
    await eventually('the end of the family', 2000, async () => ((await family()).length === 0 ? true : undefined));
    await server.stop();
  });

  it('does not touch server and players when a job process is killed: the job goes on on the same outputs', async () => {
    const { server, job } = await running();
    const before = (await server.waitForState(job.id, ['running'], 60_000))['figures'] as Figures;
    const player = new RtspPlayer(server.rtsp(job.id));
    await player.more(10, 20_000);
    const [line] = await processesWith(`pipeline.main.js ${job.id}`);

    process.kill(Number(line?.trim().split(' ')[0]), 'SIGKILL');

    await server.waitForState(job.id, ['degraded', 'starting', 'aligning'], 10_000);
    const again = await server.waitForState(job.id, ['running'], 60_000);
    expect(again['restarts']).toBe(1);
    await player.more(20, 20_000);
    expect(player.hasEnded).toBe(false);
    expect(player.stepsBack).toEqual([]);
    expect((again['figures'] as Figures).output).toEqual(before.output);
    expect((await playedTimes(server.rtsp(job.id), 'tcp', 1)).length).toBeGreaterThan(5);
    player.stop();
    await server.stop();
  });
});
