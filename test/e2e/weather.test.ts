import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoCameras, startDemoCameras } from '../helpers/demo-cameras.ts';
import { RtspPlayer } from '../helpers/rtsp-player.ts';
import { runProgram } from '../helpers/run-program.ts';
import { eventually, freePort, type JobView, SeamlineServer } from '../helpers/seamline-server.ts';
import { processTree } from '../helpers/slowed-processes.ts';

interface Figures {
  readonly output: { readonly width: number; readonly height: number; readonly bitrate_kbps: number };
  readonly geometry: { readonly origin: string };
  readonly cameras: readonly { readonly phase: string }[];
}

const figures = (job: JobView): Figures | undefined => (job['figures'] ?? undefined) as Figures | undefined;

describe('a running stitch in bad weather', () => {
  let server: SeamlineServer;
  let first: DemoCameras;
  let second: DemoCameras;
  let secondPort: number;
  let job: JobView;
  let player: RtspPlayer;
  let size: { readonly width: number; readonly height: number } | undefined;

  beforeAll(async () => {
    secondPort = await freePort();
    [first, second] = await Promise.all([startDemoCameras('calm'), startDemoCameras('calm', secondPort)]);
    server = await SeamlineServer.start();
    job = await server.stitch({
      url1: first.left,
      url2: second.right,
      output_url: `rtsp://localhost:${server.rtspPort}/live`,
    });
    rememberSize(await server.waitForState(job.id, ['running'], 60_000));
    player = new RtspPlayer(server.rtsp('live'));
    await player.more(10, 20_000);
  });

  afterAll(async () => {
    player?.stop();
    await server?.stop();
    await Promise.all([first?.child.stop(), second?.child.stop()]);
  });

  function rememberSize(now: JobView): void {
    const { width = 0, height = 0 } = figures(now)?.output ?? {};
    size = { width, height };
  }

  /** The job's size and its player must be the same as at the start, whatever happened. */
  function expectUndisturbed(now: JobView): void {
    expect(player.hasEnded).toBe(false);
    expect(player.stepsBack).toEqual([]);
    expect(figures(now)?.output).toMatchObject(size ?? {});
  }

  async function patch(body: Record<string, unknown>): Promise<Response> {
    return fetch(`${server.url}/stitch/${job.id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  it('goes on with one view when a camera dies, says so, and comes back by itself', async () => {
    await second.child.stop();

    const lost = await server.waitForState(job.id, ['degraded'], 20_000);
    expect(lost.reasons.join()).toContain('url2');
    await player.more(20, 20_000);

    second = await startDemoCameras('calm', secondPort);
    const back = await server.waitForState(job.id, ['running'], 45_000);
    await player.more(20, 20_000);
    expectUndisturbed(back);
  });

  it('goes on for its players when its encoder is killed', async () => {
    const { stdout } = await runProgram('ps', ['-eo', 'pid,args', '--no-headers', '-ww']);
    const family = new Set(await processTree(`pipeline.main.js ${job.id}`));
    const encoder = stdout
      .toString()
      .split('\n')
      .filter((line) => line.includes('libx264'))
      .map((line) => Number.parseInt(line, 10))
      .find((pid) => family.has(pid));

    process.kill(encoder!, 'SIGKILL');

    await player.more(30, 20_000);
    expect(await processTree(`pipeline.main.js ${job.id}`)).not.toContain(encoder);
    expectUndisturbed(await server.waitForState(job.id, ['running'], 30_000));
  });

  it('notices a camera that freezes with its connection open', async () => {
    process.kill(second.child.pid!, 'SIGSTOP');
    const frozen = await server.waitForState(job.id, ['degraded'], 20_000);
    await player.more(20, 20_000);
    process.kill(second.child.pid!, 'SIGCONT');

    expect(frozen.reasons.join()).toContain('url2');
    expectUndisturbed(await server.waitForState(job.id, ['running'], 45_000));
  });

  it('shows stills while both cameras are away, so that players stay', async () => {
    await Promise.all([first.child.stop(), second.child.stop()]);
    await server.waitForState(job.id, ['degraded'], 20_000);

    await player.more(15, 30_000);

    expectUndisturbed(await server.job(job.id));
    // The first pair is gone for good (another port); what follows needs it no more.
    await fetch(`${server.url}/stitch/${job.id}`, { method: 'DELETE' });
    [first, second] = await Promise.all([startDemoCameras('calm'), startDemoCameras('calm', secondPort)]);
    job = await server.stitch({
      url1: first.left,
      url2: second.right,
      output_url: `rtsp://localhost:${server.rtspPort}/live`,
    });
    rememberSize(await server.waitForState(job.id, ['running'], 60_000));
    player.stop();
    player = new RtspPlayer(server.rtsp('live'));
    await player.more(10, 20_000);
  });

  it('changes its bit rate without a gap for players', async () => {
    expect((await patch({ bitrate_kbps: 1500 })).status).toBe(200);

    const changed = await eventually('the new bit rate', 20_000, async () => {
      const now = await server.job(job.id);
      return figures(now)?.output.bitrate_kbps === 1500 ? now : undefined;
    });
    await player.more(20, 20_000);
    expectUndisturbed(changed);
  });

  it('takes its own geometry as one fixed by hand, and gives it back to the networks', async () => {
    const own: unknown = await (await fetch(`${server.url}/stitch/${job.id}/geometry`)).json();

    expect((await patch({ geometry: own })).status).toBe(200);
    await eventually('the manual geometry', 10_000, async () =>
      figures(await server.job(job.id))?.geometry.origin === 'manual' ? true : undefined,
    );
    expect((await patch({ geometry: null })).status).toBe(200);

    const again = await eventually('the networks’ geometry', 20_000, async () => {
      const now = await server.job(job.id);
      return figures(now)?.geometry.origin === 'network' ? now : undefined;
    });
    expectUndisturbed(again);
  });

  it('exchanges its cameras on request', async () => {
    const before = figures(await server.job(job.id))?.output;

    expect((await patch({ swap: true })).status).toBe(200);
    // The reference view is now the right one.
    await eventually('the views in exchanged places', 30_000, async () => {
      const answer = await fetch(`${server.url}/stitch/${job.id}/geometry`);
      const { reference, target } = (await answer.json()) as Record<
        'reference' | 'target',
        readonly (readonly number[][])[]
      >;
      const leftmost = (rows: readonly (readonly number[][])[]): number =>
        Math.min(...rows.flat().map(([x]) => x ?? 0));
      return leftmost(reference) > leftmost(target) + 100 ? true : undefined;
    });

    await player.more(20, 20_000);
    const now = await server.job(job.id);
    expectUndisturbed(now);
    expect(figures(now)?.output).toMatchObject({ width: before?.width, height: before?.height });
  });
});
