import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report, ReportMesh } from '../../src/contract/report.ts';
import { rigidMesh } from '../../src/geometry/rigid-mesh.ts';
import { fitThinPlateSpline, type ThinPlateSpline } from '../../src/geometry/thin-plate-spline.ts';
import { alignmentErrors, median } from '../helpers/alignment-error.ts';
import { readDemoTruth } from '../helpers/demo-truth.ts';
import { runProgram } from '../helpers/run-program.ts';
import { ROOT } from '../helpers/seamline-server.ts';

const VIEW = { widthPx: 1280, heightPx: 720 };

/** Luma of the first picture of a file. */
async function luma(path: string): Promise<Buffer> {
  const args = ['-v', 'error', '-i', path, '-frames:v', '1', '-vf', 'format=yuv420p,extractplanes=y'];
  return (await runProgram('ffmpeg', [...args, '-f', 'rawvideo', '-pix_fmt', 'gray', '-'])).stdout;
}

/** True when the point lies in the view or within sixty pixels of it. */
function isNear([x, y]: readonly [number, number]): boolean {
  return x > -60 && y > -60 && x < VIEW.widthPx + 60 && y < VIEW.heightPx + 60;
}

function seamline(...args: string[]): ReturnType<typeof runProgram> {
  return runProgram(join(ROOT, 'bin/seamline.mjs'), args, 120_000);
}

/** Canvas → view, made from the report alone. */
function warpOf(report: Report, rows: ReportMesh): ThinPlateSpline {
  const grid = { rows: rows.length - 1, cols: (rows[0]?.length ?? 0) - 1 };
  const canvas = { widthPx: report.width, heightPx: report.height };
  return fitThinPlateSpline(Float64Array.from(rows.flat(2)), rigidMesh(grid, VIEW), canvas);
}

/** Bilinear luma at continuous pixels; undefined near and beyond the border. */
function sample(picture: Buffer, x: number, y: number, margin: number): number | undefined {
  const inside = x > margin && y > margin && x < VIEW.widthPx - margin && y < VIEW.heightPx - margin;
  if (!inside) return undefined;
  const [column, row] = [Math.floor(x - 0.5), Math.floor(y - 0.5)];
  const [a, b] = [x - 0.5 - column, y - 0.5 - row];
  const at = row * VIEW.widthPx + column;
  const line = (from: number): number => picture[from]! * (1 - a) + picture[from + 1]! * a;
  return line(at) * (1 - b) + line(at + VIEW.widthPx) * b;
}

describe('seamline stitch', () => {
  let folder: string;
  const file = (name: string): string => join(folder, name);
  const report = (name: string): Report => JSON.parse(readFileSync(file(name), 'utf8')) as Report;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'seamline-offline-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('makes a picture of two pictures that the report alone repeats', async () => {
    const truth = readDemoTruth('calm');
    for (const [view, name] of [
      ['reference', 'left.png'],
      ['target', 'right.png'],
    ] as const) {
      await runProgram('ffmpeg', ['-v', 'error', '-i', truth.file(view), '-frames:v', '1', file(name)]);
    }

    const run = await seamline(
      'stitch',
      file('left.png'),
      file('right.png'),
      '-o',
      file('out.png'),
      '--report',
      file('out.json'),
    );

    expect(run.stderr).toContain('out.png');
    expect(run.exitCode).toBe(0);
    const said = report('out.json');
    const frame = said.frames[0]!;
    expect(said).toMatchObject({ version: 1, model: 'lite', views: { reference: { width: 1280, height: 720 } } });
    expect(frame).toMatchObject({ index: 0, source_index: [0, 0], pts_us: 0, geometry: 'network', providers: ['cpu'] });
    const [drawn, left, right] = await Promise.all(
      ['out.png', 'left.png', 'right.png'].map((name) => luma(file(name))),
    );
    const warps = [warpOf(said, frame.reference), warpOf(said, frame.target)];
    const differences: number[] = [];
    for (let row = 8; row < said.height; row += 13) {
      for (let column = 8; column < said.width; column += 13) {
        const at = warps.map((warp) => warp.map(column + 0.5, row + 0.5));
        // Where one view alone covers the canvas, the pixel is that view's.
        const views = [left!, right!].map((picture, view) => sample(picture, ...at[view]!, 4));
        const expected = isNear(at[1]!) ? (isNear(at[0]!) ? undefined : views[1]) : views[0];
        if (expected !== undefined) differences.push(Math.abs(drawn![row * said.width + column]! - expected));
      }
    }
    expect(differences.length).toBeGreaterThan(3000);
    const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
    expect(mean).toBeLessThan(1.5);
    const errors = alignmentErrors({ ...said, ...frame } as never, VIEW, truth.farPoints(0));
    expect(median(errors)).toBeLessThan(1);
  });

  it('makes a video of two videos, every frame with its time and its meshes', async () => {
    const truth = readDemoTruth('shaken');
    const names = ['-o', file('out.mp4'), '--report', file('video.json'), '--frames', '12'];

    const run = await seamline('stitch', truth.file('reference'), truth.file('target'), ...names);

    expect(run.exitCode).toBe(0);
    const said = report('video.json');
    expect(said.frames.map((frame) => frame.source_index)).toEqual(Array.from({ length: 12 }, (_, at) => [at, at]));
    expect(said.frames.map((frame) => frame.pts_us)).toEqual(Array.from({ length: 12 }, (_, at) => at * 40_000));
    const probe = [
      '-v',
      'error',
      '-count_frames',
      '-show_entries',
      'stream=width,height,nb_read_frames',
      '-of',
      'csv=p=0',
    ];
    const { stdout } = await runProgram('ffprobe', [...probe, file('out.mp4')]);
    expect(stdout.toString().trim()).toBe(`${said.width},${said.height},12`);
    for (const frame of said.frames.slice(2)) {
      const errors = alignmentErrors({ ...said, ...frame } as never, VIEW, truth.farPoints(frame.index));
      expect(median(errors)).toBeLessThan(2);
    }
  });

  it.each([
    [['stitch', 'nowhere.mp4', 'also-nowhere.mp4', '-o', 'x.mp4'], 'nowhere.mp4'],
    [['stitch', 'one.mp4'], 'two'],
    [['stitch', '--wrong'], '--wrong'],
  ])('says what is wrong with %j and writes nothing', async (args, word) => {
    const run = await seamline(...args);

    expect(run.exitCode).not.toBe(0);
    expect(run.stderr).toContain(word);
    expect(run.stderr).not.toContain('    at ');
  });
});
