import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/contract/report.ts';
import { type DemoCameras, startDemoCameras } from '../helpers/demo-cameras.ts';
import {
  type I420Picture,
  numberAt,
  picturesBehind,
  pixelOf,
  type Placing,
  startNumberedCameras,
} from '../helpers/numbered-cameras.ts';
import { RtspPlayer } from '../helpers/rtsp-player.ts';
import { runProgram } from '../helpers/run-program.ts';
import { eventually, type JobView, ROOT, SeamlineServer } from '../helpers/seamline-server.ts';
import { processTree } from '../helpers/slowed-processes.ts';

interface Figures {
  readonly geometry: { readonly origin: string };
  readonly output: { readonly width: number; readonly height: number };
}
const figures = (job: JobView): Figures => job['figures'] as Figures;
const settings = (job: JobView): Record<string, unknown> => job['settings'] as Record<string, unknown>;

interface Meshes {
  readonly kind: string;
  readonly width: number;
  readonly height: number;
  readonly reference: readonly (readonly (readonly [number, number])[])[];
  readonly target: readonly (readonly (readonly [number, number])[])[];
}

/** Greatest distance of the points of two geometries on one canvas, along either axis. */
function farthest(a: Meshes, b: Meshes): number {
  const flat = ({ reference, target }: Meshes): number[] => [...reference, ...target].flat(2);
  const other = flat(b);
  return Math.max(...flat(a).map((value, index) => Math.abs(value - (other[index] ?? Infinity))));
}

let server: SeamlineServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'seamline-live-'));
  server = await SeamlineServer.start();
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function patch(id: string, body: Record<string, unknown>): Promise<JobView> {
  const answer = await fetch(`${server.url}/stitch/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as JobView;
}

const geometryOf = async (id: string): Promise<Meshes> =>
  (await (await fetch(`${server.url}/stitch/${id}/geometry`)).json()) as Meshes;

const remove = async (id: string): Promise<void> => {
  expect((await fetch(`${server.url}/stitch/${id}`, { method: 'DELETE' })).status).toBe(204);
};

/** What a player that connects now is shown first. */
async function decoded(path: string): Promise<I420Picture> {
  const source = ['-v', 'error', '-rtsp_transport', 'tcp', '-i', server.rtsp(path)];
  const { stdout, stderr } = await runProgram('ffmpeg', [
    ...source,
    ...['-frames:v', '1', '-pix_fmt', 'yuv420p', '-f', 'yuv4mpegpipe', '-'],
  ]);
  const end = stdout.indexOf('\n');
  const [, width, height] = /W(\d+) H(\d+)/.exec(stdout.subarray(0, end).toString()) ?? [];
  if (width === undefined || height === undefined) throw new Error(`no picture of ${path}: ${stderr}`);
  const bytes = stdout.subarray(stdout.indexOf('\n', end + 1) + 1);
  return { widthPx: Number(width), heightPx: Number(height), bytes };
}

/** Waits for a picture that is as wanted; the last one tells what was seen instead. */
const pictureWhere = (path: string, holds: (picture: I420Picture) => boolean): Promise<I420Picture> =>
  eventually(`the picture of ${path}`, 20_000, async () => {
    const picture = await decoded(path);
    return holds(picture) ? picture : undefined;
  });

describe('a stitch whose geometry is fixed by hand in POST', () => {
  /** Both views of 640 × 360 with 40 px above and below them and 80 px between them, in a canvas of 1360 × 440. */
  const placed = (left: number): Meshes['reference'] =>
    [40, 220, 400].map((y) => [0, 320, 640].map((x) => [left + x, y] as const));
  const geometry: Meshes = {
    ...{ kind: 'meshes', width: 1360, height: 440 },
    ...{ reference: placed(0), target: placed(720) },
  };
  /** The output is half as large. */
  const SIZE = { output_width: 688, output_height: 240 };
  const scale = Math.min(SIZE.output_width / 1360, SIZE.output_height / 440);
  const margin = { x: (SIZE.output_width - 1360 * scale) / 2, y: (SIZE.output_height - 440 * scale) / 2 };
  const onOutput = (left: number): Placing => ({
    x: margin.x + left * scale,
    y: margin.y + 40 * scale,
    width: 640 * scale,
    height: 360 * scale,
  });
  const views = [onOutput(0), onOutput(720)] as const;
  const gap = { x: margin.x + 680 * scale, y: SIZE.output_height / 2 };
  let cameras: Awaited<ReturnType<typeof startNumberedCameras>>;
  let job: JobView;

  beforeAll(async () => {
    cameras = await startNumberedCameras(folder);
    job = await server.stitch({
      ...{ url1: cameras.left, url2: cameras.right, output_url: `rtsp://localhost:${server.rtspPort}/fixed` },
      ...{ width: 640, fps: 12.5, encoder: 'libx264', geometry, ...SIZE },
    });
  });
  afterAll(async () => {
    await remove(job.id);
    await cameras?.child.stop();
  });

  it('exchanges its cameras, and exchanges them back, before it has started', async () => {
    expect(settings(await patch(job.id, { swap: true }))['swap']).toBe(true);
    expect(settings(await patch(job.id, { swap: false }))['swap']).toBe(false);

    expect((await server.waitForState(job.id, ['running'], 60_000))['restarts']).toBe(0);
  });

  it('shows the views where the meshes put them, in the size that was asked for, and says "manual"', async () => {
    const running = await server.waitForState(job.id, ['running'], 60_000);
    const picture = await decoded('fixed');
    const pids = (await processTree(`pipeline.main.js ${job.id}`)).join();
    const commands = (await runProgram('ps', ['-o', 'args', '--no-headers', '-ww', '-p', pids])).stdout.toString();

    // The cameras send 1280 × 720; both are worked with at the width that was asked for.
    expect(commands.match(/scale=640:360:/g)).toHaveLength(2);
    expect(running.reasons).toEqual(['the alignment is fixed by hand']);
    expect(figures(running).geometry.origin).toBe('manual');
    expect(settings(running)).toMatchObject({ geometry: 'meshes', encoder: 'libx264', ...SIZE });
    expect(figures(running).output).toMatchObject({ width: 688, height: 240 });
    expect([picture.widthPx, picture.heightPx]).toEqual([688, 240]);
    for (const [index, { x, y, width, height }] of views.entries()) {
      for (const [dx, dy] of [
        [0.02, 0.04],
        [0.98, 0.04],
        [0.02, 0.96],
        [0.98, 0.96],
      ] as const) {
        const [luma, u, v] = pixelOf(picture, x + dx * width, y + dy * height);
        expect(Math.abs(luma - 90)).toBeLessThan(12);
        expect(Math.sign(v - u)).toBe(index === 0 ? 1 : -1);
      }
    }
    expect(pixelOf(picture, gap.x, gap.y)[0]).toBeLessThan(24);
    expect(pixelOf(picture, gap.x, 3)[0]).toBeLessThan(24);
  });

  it('sends as many pictures a second as were asked for', async () => {
    const player = new RtspPlayer(server.rtsp('fixed'));
    const times = await player.more(20, 20_000).finally(() => player.stop());

    const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    // 80 ms, or whole multiples of it where a busy machine left one out.
    expect(Math.min(...steps)).toBeGreaterThan(0.055);
    expect(steps.toSorted((a, b) => a - b)[9]).toBeLessThan(0.105);
  });

  it('gives the geometry back as it is sent, and takes it again without a move', async () => {
    const saved = await geometryOf(job.id);
    await patch(job.id, { geometry: saved });

    expect([saved.width, saved.height]).toEqual([688, 240]);
    const expected = geometry.reference.flat().map(([x, y]) => [margin.x + x * scale, margin.y + y * scale]);
    saved.reference.flat().forEach(([x, y], point) => {
      expect(x).toBeCloseTo(expected[point]?.[0] ?? NaN, 1);
      expect(y).toBeCloseTo(expected[point]?.[1] ?? NaN, 1);
    });
    expect(farthest(await geometryOf(job.id), saved)).toBeLessThan(0.01);
  });

  it('delays the second view by sync_offset_ms', async () => {
    const behind = (picture: I420Picture): number =>
      picturesBehind(numberAt(picture, views[0]), numberAt(picture, views[1]));
    const inStep = await pictureWhere('fixed', (picture) => Math.abs(behind(picture)) <= 1);

    await patch(job.id, { sync_offset_ms: 200 });
    const delayed = await pictureWhere('fixed', (picture) => Math.abs(behind(picture) - 5) <= 1);
    await patch(job.id, { sync_offset_ms: -120 });
    const ahead = await pictureWhere('fixed', (picture) => Math.abs(behind(picture) + 3) <= 1);

    expect(behind(delayed) - behind(inStep)).toBeGreaterThan(3);
    expect(behind(ahead) - behind(inStep)).toBeLessThan(-1);
    expect(settings(await patch(job.id, { sync_offset_ms: 0 }))['sync_offset_ms']).toBe(0);
  });

  it('delays the second camera by it also when that is the reference view', async () => {
    const behind = (picture: I420Picture): number =>
      picturesBehind(numberAt(picture, views[0]), numberAt(picture, views[1]));
    await patch(job.id, { swap: true, sync_offset_ms: 200 });

    const exchanged = await pictureWhere('fixed', (picture) => Math.abs(behind(picture) + 5) <= 1);
    await patch(job.id, { swap: false, sync_offset_ms: 0 });
    const back = await pictureWhere('fixed', (picture) => Math.abs(behind(picture)) <= 1);

    expect(behind(exchanged)).toBeLessThan(behind(back) - 2);
  });

  it('fills the border with blurred, darkened colours of the views, and with black again', async () => {
    await patch(job.id, { fill: 'blur' });
    const left = { x: views[0].x + 30, y: 3 };
    const right = { x: views[1].x + views[1].width - 30, y: 3 };

    const blurred = await pictureWhere('fixed', (picture) => pixelOf(picture, left.x, left.y)[0] > 35);
    await patch(job.id, { fill: 'black' });
    const black = await pictureWhere('fixed', (picture) => pixelOf(picture, left.x, left.y)[0] < 24);

    const [luma, u, v] = pixelOf(blurred, left.x, left.y);
    expect(luma).toBeLessThan(75);
    expect(v - u).toBeGreaterThan(20);
    const [, uRight, vRight] = pixelOf(blurred, right.x, right.y);
    expect(vRight - uRight).toBeLessThan(-20);
    expect([blurred.widthPx, black.widthPx]).toEqual([688, 688]);
  });
});

describe('a stitch that begins with a frame of an offline report', () => {
  let cameras: DemoCameras;
  let job: JobView;
  let report: Report;

  beforeAll(async () => {
    const clip = (side: string): string => join(ROOT, `test/fixtures/media/demo/calm-${side}.mp4`);
    const file = join(folder, 'report.json');
    const args = ['stitch', clip('left'), clip('right'), '-o', join(folder, 'out.mp4'), '--report', file];
    await runProgram(join(ROOT, 'bin/seamline.mjs'), [...args, '--frames', '1'], 120_000);
    report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    cameras = await startDemoCameras('calm');
    const { width, height, frames } = report;
    job = await server.stitch({
      ...{ url1: cameras.left, url2: cameras.right, output_url: `rtsp://localhost:${server.rtspPort}/report` },
      geometry: { kind: 'report', width, height, frame: frames[0] },
    });
    await server.waitForState(job.id, ['running'], 60_000);
  });
  afterAll(async () => {
    await remove(job.id);
    await cameras?.child.stop();
  });

  it('shows that frame’s meshes', async () => {
    const { width, height } = report;
    const [frame] = report.frames;

    const shown = await geometryOf(job.id);

    expect(figures(await server.job(job.id)).geometry.origin).toBe('manual');
    expect([shown.width, shown.height]).toEqual([width, height]);
    expect(farthest(shown, { ...shown, reference: frame!.reference, target: frame!.target })).toBeLessThan(0.01);
  });

  it('takes a homography, which moves the second view', async () => {
    const before = await geometryOf(job.id);
    const homography = [1, 0, 700, 0, 1, 20, 0, 0, 1];

    await patch(job.id, { geometry: { kind: 'homography', homography, view_width: 1280, view_height: 720 } });

    const after = await geometryOf(job.id);
    expect([after.width, after.height]).toEqual([before.width, before.height]);
    const leftmost = (rows: Meshes['target']): number => Math.min(...rows.flat().map(([x]) => x));
    // 700 of 1980 px of the whole lie left of the second view.
    expect(leftmost(after.target) / after.width).toBeGreaterThan(0.25);
    expect(farthest(after, before)).toBeGreaterThan(20);
  });

  it('is given back to the networks, and cropped to what the views cover, in the same size', async () => {
    const before = figures(await server.job(job.id)).output;
    await patch(job.id, { geometry: null });
    await eventually('the networks’ geometry', 30_000, async () =>
      figures(await server.job(job.id)).geometry.origin === 'network' ? true : undefined,
    );
    const bordered = await pictureWhere('report', (picture) => blackBorder(picture) > 0.5);

    await patch(job.id, { fill: 'crop' });

    const cropped = await pictureWhere('report', (picture) => blackBorder(picture) < 0.03);
    expect([cropped.widthPx, cropped.heightPx]).toEqual([before.width, before.height]);
    expect([bordered.widthPx, bordered.heightPx]).toEqual([before.width, before.height]);
  });
});

/** Share of black pixels along the border of a picture; dark things of the scene count too. */
function blackBorder(picture: I420Picture): number {
  const { widthPx, heightPx } = picture;
  const border: number[] = [];
  for (let x = 4; x < widthPx - 4; x += 4) border.push(...[3, heightPx - 4].map((y) => pixelOf(picture, x, y)[0]));
  for (let y = 4; y < heightPx - 4; y += 4) border.push(...[3, widthPx - 4].map((x) => pixelOf(picture, x, y)[0]));
  return border.filter((luma) => luma < 20).length / border.length;
}
