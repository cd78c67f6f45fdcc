import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeVideo } from '../helpers/coded-video.ts';
import { FakeCamera } from '../helpers/fake-camera.ts';
import { RtspPlayer } from '../helpers/rtsp-player.ts';
import { eventually, type JobView, ROOT, SeamlineServer } from '../helpers/seamline-server.ts';
import { processTree, SlowedProcesses } from '../helpers/slowed-processes.ts';

interface Figures {
  readonly output: { readonly width: number; readonly height: number };
  readonly delay_ms: Readonly<Record<string, { readonly p50: number; readonly p95: number }>>;
  readonly load: { readonly level: number; readonly reason: string };
}

/** A line of the server's log that tells of a level, and its reason. */
interface LevelLine {
  readonly count: number;
  readonly reason: string;
}

/** A level that has not risen for this long is one that the machine can do: under strain the next one comes sooner. */
const HELD_MS = 6000;

const figures = (job: JobView): Figures | undefined => (job['figures'] ?? undefined) as Figures | undefined;

describe('a machine that cannot keep up', () => {
  let cameras: readonly FakeCamera[];
  let server: SeamlineServer;
  let slowed: SlowedProcesses | undefined;
  let player: RtspPlayer;

  beforeAll(async () => {
    const clip = (side: string): string => join(ROOT, `test/fixtures/media/demo/calm-${side}.mp4`);
    const video = { size: '480x270', fps: 12.5, frames: 13, gop: 13 };
    cameras = [
      await FakeCamera.start(await encodeVideo({ ...video, clip: clip('left') })),
      await FakeCamera.start(await encodeVideo({ ...video, clip: clip('right') })),
    ];
    server = await SeamlineServer.start();
  });

  afterAll(async () => {
    slowed?.release();
    player?.stop();
    await server?.stop();
    await Promise.all(cameras.map((camera) => camera.close()));
  });

  it('does less of its work, says so, stays up to date, and does it again when there is room', async () => {
    const job = await server.stitch({ url1: cameras[0]!.url, url2: cameras[1]!.url });
    const before = await server.waitForState(job.id, ['running'], 60_000);
    player = new RtspPlayer(server.rtsp(job.id));
    await player.more(10, 60_000);
    /** Every level that was taken since the start of the job, in order: the log leaves none out. */
    const levels = (): LevelLine[] =>
      server.lines
        .filter((line) => line.includes('work given up or taken back'))
        .map((line) => JSON.parse(line) as LevelLine);
    const seen = { longestMs: 0, level: 0, risenMs: -Infinity };
    const look = async (): Promise<JobView> => {
      const now = await server.job(job.id);
      const { load, delay_ms } = figures(now) ?? {};
      if ((load?.level ?? 0) > seen.level) Object.assign(seen, { level: load?.level, risenMs: performance.now() });
      seen.longestMs = Math.max(seen.longestMs, delay_ms?.['total']?.p95 ?? 0);
      return now;
    };

    // How fast this machine is nobody knows, so it is made slower until the last thing is given up, and no faster than
    // things are given up.
    slowed = new SlowedProcesses(await processTree(`pipeline.main.js ${job.id}`), 0.12);
    const tightening = setInterval(() => {
      if (performance.now() - seen.risenMs > HELD_MS) slowed?.tighten();
    }, 2000);
    const low = await eventually('the smaller working size', 150_000, async () => {
      const now = await look();
      return figures(now)?.load.reason.includes('of their size') === true ? now : undefined;
    }).finally(() => clearInterval(tightening));
    slowed.release();
    await eventually('the full work', 120_000, async () =>
      figures(await look())?.load.level === 0 ? true : undefined,
    );
    await eventually('its line in the log', 10_000, async () => (levels().at(-1)?.count === 0 ? true : undefined));
    const after = await server.waitForState(job.id, ['running'], 60_000);
    await player.more(20, 60_000);

    expect(low.state).toBe('degraded');
    expect(low.reasons.join()).toContain('the machine cannot keep up');
    const counts = [0, ...levels().map(({ count }) => count)];
    const steps = counts.slice(1).map((count, at) => Math.abs(count - counts[at]!));
    expect(steps).toEqual(steps.map(() => 1));
    // Given up: the networks' pace, the frame rate, the working size. Taken back the other way round.
    const reasons = levels().map(({ reason }) => reason);
    const first = (word: string): number => reasons.findIndex((reason) => reason.includes(word));
    const last = (word: string): number => reasons.findLastIndex((reason) => reason.includes(word));
    expect(first('half as often')).toBeGreaterThanOrEqual(0);
    expect(first('half as often')).toBeLessThan(first('pictures a second'));
    expect(first('pictures a second')).toBeLessThan(first('of their size'));
    expect(last('of their size')).toBeLessThan(last('pictures a second'));
    expect(last('pictures a second')).toBeLessThan(last('half as often'));
    expect(last('half as often')).toBeLessThan(last('the machine keeps up'));
    expect(seen.longestMs).toBeLessThan(4000);
    expect(figures(after)?.delay_ms['total']?.p50).toBeLessThan(1000);
    expect(figures(after)?.output).toEqual(figures(before)?.output);
    expect(player.hasEnded).toBe(false);
    expect(player.stepsBack).toEqual([]);
  }, 400_000);
});
