import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/contract/report.ts';
import { alignmentErrors, median, type MeshPair } from '../helpers/alignment-error.ts';
import { type DemoCameras, startDemoCameras } from '../helpers/demo-cameras.ts';
import { project, readDemoTruth } from '../helpers/demo-truth.ts';
import { writeKnownCheckpoints } from '../helpers/known-checkpoints.ts';
import { runProgram } from '../helpers/run-program.ts';
import { eventually, ROOT, SeamlineServer } from '../helpers/seamline-server.ts';

const VIEW = { widthPx: 1280, heightPx: 720 };
const WORKING = { widthPx: 480, heightPx: 360 };

/** The true alignment of the far plane of the fixed demo cameras, as SpatialNet of StabStitch++ would give it. */
function trueOffsets(): number[] {
  const homography = readDemoTruth('calm').referenceToTarget(0);
  const [sx, sy] = [WORKING.widthPx / VIEW.widthPx, WORKING.heightPx / VIEW.heightPx];
  const corners = [
    [0, 0],
    [VIEW.widthPx, 0],
    [0, VIEW.heightPx],
    [VIEW.widthPx, VIEW.heightPx],
  ] as const;
  return corners.flatMap(([x, y]) => {
    const [u, v] = project(homography, x, y);
    return [(u - x) * sx, (v - y) * sy];
  });
}

describe('checkpoints of StabStitch++ that a user brings', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;

  const seamline = (...args: string[]): ReturnType<typeof runProgram> =>
    runProgram(
      '/usr/bin/env',
      [`SEAMLINE_INFERENCE_MODEL_DIR=${env['SEAMLINE_INFERENCE_MODEL_DIR']}`, join(ROOT, 'bin/seamline.mjs'), ...args],
      120_000,
    );

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'seamline-own-'));
    mkdirSync(join(folder, 'weights'));
    env = { SEAMLINE_INFERENCE_MODEL_DIR: join(folder, 'models') };
    await writeKnownCheckpoints(join(folder, 'weights'), trueOffsets());
    const { exitCode, stdout, stderr } = await seamline('models', 'import', join(folder, 'weights'), '--name', 'mine');
    expect(stderr).toBe('');
    expect(stdout.toString()).toContain('"model": "mine"');
    expect(exitCode).toBe(0);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('stitch files, every frame by the networks', async () => {
    const truth = readDemoTruth('calm');
    const [video, json] = [join(folder, 'out.mp4'), join(folder, 'out.json')];
    const clips = [truth.file('reference'), truth.file('target')];

    const run = await seamline('stitch', ...clips, '-o', video, '--report', json, '--frames', '9', '--model', 'mine');

    expect(run.stderr).toContain('out.mp4');
    expect(run.exitCode).toBe(0);
    const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
    expect(report.model).toBe('mine');
    expect(report.frames.map(({ geometry }) => geometry)).toEqual(Array.from({ length: 9 }, () => 'network'));
    for (const frame of report.frames) {
      const errors = alignmentErrors({ ...report, ...frame } as never, VIEW, truth.farPoints(frame.index));
      expect(median(errors)).toBeLessThan(0.5);
    }
  });

  describe('live', () => {
    let cameras: DemoCameras;
    let server: SeamlineServer;
    beforeAll(async () => {
      cameras = await startDemoCameras('calm');
      server = await SeamlineServer.start(env);
    });
    afterAll(async () => {
      await server?.stop();
      await cameras?.child.stop();
    });

    it('align two cameras, and the job says how often', async () => {
      const job = await server.stitch({ url1: cameras.left, url2: cameras.right, model: 'mine' });

      const running = await server.waitForState(job.id, ['running'], 60_000);
      expect(running).toMatchObject({ settings: { model: 'mine' }, figures: { geometry: { origin: 'network' } } });
      const figures = await eventually('two looks of the networks at the cameras', 20_000, async () => {
        const seen = (await server.job(job.id))['figures'] as { cadence: Record<string, number | string> };
        return Number(seen.cadence['comparisons_per_second']) > 0 ? seen : undefined;
      });
      expect(figures.cadence).toEqual({
        mode: 'live',
        updates_per_second: expect.any(Number),
        comparisons_per_second: expect.any(Number),
      });
      const geometry = (await (await fetch(`${server.url}/stitch/${job.id}/geometry`)).json()) as MeshPair;
      expect(median(alignmentErrors(geometry, VIEW, readDemoTruth('calm').farPoints(0)))).toBeLessThan(0.5);
      const snapshot = await fetch(`${server.url}/stitch/${job.id}/snapshot.jpg`);
      expect((await snapshot.arrayBuffer()).byteLength).toBeGreaterThan(20_000);
    });
  });
});
