import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { SeamlineError } from '../../../src/common/seamline-error.ts';
import { distortionOf } from '../../../src/evaluate/sequences/distortion.ts';
import { csvOf, framesOf } from '../../../src/evaluate/sequences/frame-table.ts';
import { figuresOf, overshootOf, type Series } from '../../../src/evaluate/sequences/measure-track.ts';
import { plotOf } from '../../../src/evaluate/sequences/plot.ts';
import { findSequences } from '../../../src/evaluate/sequences/sequences.ts';
import { meanPath, meshStepsOf, pathsOf, stabilityOf, stepsOf } from '../../../src/evaluate/sequences/stability.ts';
import type { Track } from '../../../src/evaluate/sequences/track.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';

const grid = { rows: 3, cols: 4 };
const view = { widthPx: 400, heightPx: 300 };
const shifted = (dx: number): Float64Array =>
  rigidMesh(grid, view).map((value, index) => value + (index % 2 === 0 ? dx : 0));
const motion = (dx: number): Float64Array => Float64Array.from([1, 0, dx, 0, 1, 0, 0, 0, 1]);

/** Frames whose meshes lie `shown` and `raw` to the right. */
function track(shown: readonly number[], raw: readonly number[] = shown): Track {
  const frames = shown.map((dx, t) => ({
    reference: shifted(dx),
    target: shifted(dx),
    rawReference: shifted(raw[t]!),
    rawTarget: shifted(raw[t]!),
  }));
  return { grid, canvas: { widthPx: 800, heightPx: 320 }, views: { reference: view, target: view }, frames };
}

describe('stability of a sequence', () => {
  it('is 0 for meshes that follow their camera exactly', () => {
    const camera = [0, 3, -2, 5, 1, 0, 4, 2];
    const motions = camera.slice(1).map((at, t) => motion(at - camera[t]!));
    // A camera that looks further to the right sees its scene further to the left; the mesh moves right with it.
    const paths = pathsOf(track(camera), 0, 'shown', motions);
    expect(Math.max(...stabilityOf(paths))).toBeLessThan(1e-9);
    expect(Math.max(...stepsOf(paths))).toBeLessThan(1e-5);
  });

  it('is the weighted mean square of the differences to three neighbours on both sides', () => {
    const still = Array.from({ length: 7 }, () => motion(0));
    const paths = pathsOf(track([0, 0, 0, 2, 0, 0, 0, 0]), 0, 'shown', still);
    const scores = stabilityOf(paths);
    // Half of the coordinates, those across, move by two.
    expect(scores[3]).toBeCloseTo((2 * (0.9 + 0.3 + 0.1) * 4) / 2, 6);
    expect(scores[4]).toBeCloseTo((0.9 * 4) / 2, 6);
    expect([...scores.slice(0, 3), ...scores.slice(5)]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(stepsOf(paths)[4]).toBeCloseTo(2, 6);
    expect(meanPath(paths)[6]).toBeCloseTo(2, 6);
  });
});

describe('the way of the control points themselves', () => {
  it('is the longest of both views, whatever the cameras did', () => {
    const still = track([5, 5, 8, 8]);
    const frames = still.frames.map((frame, t) => ({ ...frame, target: shifted(t === 3 ? -2 : 0) }));
    expect([...meshStepsOf({ ...still, frames }, 'shown')]).toEqual([0, 0, 3, 2]);
    expect([...meshStepsOf({ ...still, frames }, 'raw')]).toEqual([0, 0, 3, 0]);
  });
});

describe('the table of single panoramas', () => {
  const series: Series = {
    alignment: [{ index: 1, psnrDb: 31.123456, ssim: 0.9, errorPx: undefined }],
    stability: Float64Array.of(0, 0.5),
    steps: Float64Array.of(0, 1.25),
    meshSteps: Float64Array.of(0, 0.25),
    distortion: Float64Array.of(1.1, 1.2),
    path: Float64Array.of(0, 0, 3, -4),
  };

  it('numbers the frames of the videos and leaves empty what was not measured', () => {
    expect(csvOf([{ way: 'live, held', series, first: 7 }])).toBe(
      `way,frame,psnr_db,ssim,error_px,stability_px2,step_px,mesh_step_px,distortion,path_x_px,path_y_px
"live, held",7,,,,0,0,0,1.1,0,0
"live, held",8,31.12346,0.9,,0.5,1.25,0.25,1.2,3,-4
`,
    );
    expect(framesOf({ way: 'offline', series, first: 0 })[1]).toMatchObject({
      frame: 1,
      psnrDb: 31.123456,
      pathYPx: -4,
    });
  });
});

describe('distortion of a mesh', () => {
  it('is 1 for a turned and enlarged view, the ratio of stretches for others, and endless for a fold', () => {
    const rigid = rigidMesh(grid, view);
    const mapped = (f: (x: number, y: number) => [number, number]): Float64Array =>
      rigid.map((_value, index) => f(rigid[index & ~1]!, rigid[index | 1]!)[index & 1]!);
    expect(
      distortionOf(
        mapped((x, y) => [1.2 * x - 0.5 * y, 0.5 * x + 1.2 * y]),
        grid,
        view,
      ),
    ).toBeCloseTo(1, 6);
    expect(
      distortionOf(
        mapped((x, y) => [1.5 * x, y]),
        grid,
        view,
      ),
    ).toBeCloseTo(1.5, 6);
    expect(
      distortionOf(
        mapped((x, y) => [-x, y]),
        grid,
        view,
      ),
    ).toBe(Infinity);
  });
});

describe('figures of a series', () => {
  const series = (path: readonly number[], stability = 0): Series => ({
    alignment: [
      { index: 0, psnrDb: 10, ssim: 0.1, errorPx: 9 },
      { index: 15, psnrDb: 30, ssim: 0.9, errorPx: 0.2 },
      { index: 30, psnrDb: 32, ssim: 0.8, errorPx: 0.6 },
    ],
    stability: new Float64Array(20).fill(stability),
    steps: Float64Array.from({ length: 20 }, (_none, t) => t / 100),
    meshSteps: Float64Array.from({ length: 20 }, (_none, t) => (t === 3 ? 9 : t / 1000)),
    distortion: Float64Array.of(1.1, 1.3),
    path: Float64Array.from(path),
  });

  it('are means, and the worst where one frame is enough to be seen', () => {
    const figures = figuresOf(series([0, 0], 2));
    expect(figures).toMatchObject({
      psnrDb: 31,
      worstErrorPx: 0.6,
      stability: 2,
      longestStepPx: 0.19,
      longestMeshStepPx: 0.019,
      distortion: 1.3,
    });
    expect(figures.errorPx).toBeCloseTo(0.4, 9);
    expect(figures.ssim).toBeCloseTo(0.85, 9);
  });

  it('are nothing, and not NaN, where the views never met', () => {
    const figures = figuresOf({ ...series([0, 0]), alignment: [] });
    expect(figures).toMatchObject({ psnrDb: undefined, ssim: undefined, errorPx: undefined });
  });

  it('say how far a smoothed path leaves the range of the unsmoothed one', () => {
    const path = (...places: number[]): Float64Array => Float64Array.from(places);
    const raw = path(0, 0, 10, 5, 10, 5);
    expect(overshootOf(path(0, 0, 6, 3, 9, 4), raw)).toBe(0);
    expect(overshootOf(path(0, 0, 12, 5, 10, 5), raw)).toBe(2);
    expect(overshootOf(path(0, -3, 10, 5, 10, 5), raw)).toBe(3);
  });

  it('are plotted with a line for every way', () => {
    const svg = plotOf('a clip', [
      { name: 'raw', series: series([0, 0, 1, 2]) },
      { name: 'shown', series: series([0, 0, 1, 1]) },
    ]);
    expect(svg.match(/<polyline/g)).toHaveLength(12);
    expect(svg).not.toContain('NaN');
  });
});

describe('the clips of a folder', () => {
  it('are found in both forms, with the truth beside them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'seamline-clips-'));
    try {
      expect(() => findSequences(folder)).toThrow(SeamlineError);
      mkdirSync(join(folder, 'hall'));
      for (const file of ['hall/left.mp4', 'hall/right.mp4', 'calm-left.mp4', 'calm-right.mp4', 'lone-left.mp4'])
        writeFileSync(join(folder, file), '');
      const frames = [{ reference_to_target: [1, 0, 5, 0, 1, 0, 0, 0, 1] }];
      writeFileSync(join(folder, 'calm.json'), JSON.stringify({ frames }));
      const found = findSequences(folder);
      expect(found.map(({ name }) => name.split('-').at(-1))).toEqual(['calm', 'hall']);
      expect(found[0]!.truth?.[0]?.[2]).toBe(5);
      expect(found[1]!.truth).toBeUndefined();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are named when their truth is of another form', () => {
    const folder = mkdtempSync(join(tmpdir(), 'seamline-clips-'));
    try {
      for (const file of ['calm-left.mp4', 'calm-right.mp4']) writeFileSync(join(folder, file), '');
      for (const [content, said] of [
        ['{"frames": [', 'calm.json is no JSON'],
        ['{"frames": [{"reference_to_target": [1, 0]}]}', 'frames[0].reference_to_target must be nine numbers'],
        ['{"frames": [{"reference_to_target": [1,0,0,0,1,0,0,0,1]}, {}]}', 'frames[1].reference_to_target'],
      ] as const) {
        writeFileSync(join(folder, 'calm.json'), content);
        expect(() => findSequences(folder)).toThrow(said);
      }
      expect(() => findSequences(join(folder, 'calm.json'))).toThrow(SeamlineError);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
