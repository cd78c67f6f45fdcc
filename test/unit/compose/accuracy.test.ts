import { describe, expect, it } from 'vitest';
import { fitView, NODE_SCRATCH_BYTES, writeNodes } from '../../../src/compose/node-grid.ts';
import type { Size } from '../../../src/contract/pixels.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';
import { seeded, stripStage } from './strip-stage.ts';

const canvas = { widthPx: 640, heightPx: 256 };
const reference = { widthPx: 400, heightPx: 224 };
const target = { widthPx: 360, heightPx: 202 };
const mesh = { rows: 6, cols: 8 };

/** A smooth scene on the canvas, continuous pixels, 20 … 235. */
function scene(x: number, y: number): number {
  return 127 + 60 * Math.sin(x / 9) * Math.cos(y / 11) + 40 * Math.sin((x + 2 * y) / 37);
}

/** How a view lies on the canvas: scale, turn and shift of its continuous pixels. */
interface Pose {
  readonly scale: number;
  readonly angle: number;
  readonly x: number;
  readonly y: number;
}

function toCanvas(pose: Pose, x: number, y: number): [number, number] {
  const [c, s] = [Math.cos(pose.angle) * pose.scale, Math.sin(pose.angle) * pose.scale];
  return [c * x - s * y + pose.x, s * x + c * y + pose.y];
}

/** Paints what a camera in this pose sees of the scene: chroma half as large, sited left (H.264, type 0). */
function paint(bytes: Uint8Array, view: Size, pose: Pose): void {
  const { widthPx, heightPx } = view;
  for (let row = 0; row < heightPx; row += 1) {
    for (let column = 0; column < widthPx; column += 1) {
      bytes[row * widthPx + column] = Math.round(scene(...toCanvas(pose, column + 0.5, row + 0.5)));
    }
  }
  for (let row = 0; row < heightPx / 2; row += 1) {
    for (let column = 0; column < widthPx / 2; column += 1) {
      const value = Math.round(scene(...toCanvas(pose, 2 * column + 0.5, 2 * row + 1)));
      bytes[widthPx * heightPx + row * (widthPx / 2) + column] = value;
      bytes[widthPx * heightPx * 1.25 + row * (widthPx / 2) + column] = 255 - value;
    }
  }
}

/** Largest and root mean square error of one canvas plane against the scene, inside a rectangle of the canvas. */
function errors(plane: Uint8Array, width: number, at: (column: number, row: number) => number, box: number[]) {
  const [left, top, right, bottom] = box as [number, number, number, number];
  let worst = 0;
  let squares = 0;
  for (let row = top; row < bottom; row += 1) {
    for (let column = left; column < right; column += 1) {
      const error = Math.abs(plane[row * width + column]! - at(column, row));
      worst = Math.max(worst, error);
      squares += error * error;
    }
  }
  return { worst, rms: Math.sqrt(squares / ((right - left) * (bottom - top))) };
}

describe('the whole way from meshes to the panorama', () => {
  it('shows the scene where it is, in luma and chroma, also across the overlap', async () => {
    const poses = [
      { scale: 1.02, angle: 0.03, x: 14, y: 6 },
      { scale: 0.98, angle: -0.04, x: 282, y: 34 },
    ] as const;
    const stage = await stripStage({ canvas, reference, target, featherPx: 60 });
    const scratch = stage.plan.allocate(NODE_SCRATCH_BYTES);
    for (const [index, view] of [reference, target].entries()) {
      const pose = poses[index]!;
      paint(stage.sources[index]!, view, pose);
      const points = rigidMesh(mesh, view);
      for (let at = 0; at < points.length; at += 2) points.set(toCanvas(pose, points[at]!, points[at + 1]!), at);
      writeNodes(
        fitView(points, mesh, view, canvas),
        canvas,
        stage.kernels,
        scratch,
        stage.target.nodes[index]!.byteOffset,
      );
    }

    const picture = stage.draw(1);

    // Half a pixel of misplacement would show as an error of about 3 grey levels rms here.
    const luma = errors(picture, 640, (x, y) => scene(x + 0.5, y + 0.5), [30, 50, 600, 190]);
    expect(luma.rms).toBeLessThan(0.6);
    expect(luma.worst).toBeLessThan(3);
    const half = 640 * 256;
    const u = errors(picture.subarray(half), 320, (x, y) => scene(2 * x + 0.5, 2 * y + 1), [15, 25, 300, 95]);
    expect(u.rms).toBeLessThan(0.8);
    const v = errors(
      picture.subarray(half * 1.25),
      320,
      (x, y) => 255 - scene(2 * x + 0.5, 2 * y + 1),
      [15, 25, 300, 95],
    );
    expect(v.rms).toBeLessThan(0.8);
  });

  it('is within a third of a grey level of exact sampling on average, for a bent mesh', async () => {
    const stage = await stripStage({ canvas, reference, target, featherPx: 60 });
    const scratch = stage.plan.allocate(NODE_SCRATCH_BYTES);
    const random = seeded(11);
    const source = stage.sources[0];
    source.forEach((_, index) => {
      source[index] = 128 + 70 * Math.sin((index % 400) / 5) * Math.cos(Math.floor(index / 400) / 7) + 20 * random();
    });
    const points = rigidMesh(mesh, reference);
    for (let at = 0; at < points.length; at += 2) {
      const [x, y] = [points[at]!, points[at + 1]!];
      points[at] = x + 0.03 * y + 20 + 5 * Math.sin(y / 90);
      points[at + 1] = y - 0.03 * x + 24 + 5 * Math.sin(x / 110);
    }
    const spline = fitView(points, mesh, reference, canvas);
    writeNodes(spline, canvas, stage.kernels, scratch, stage.target.nodes[0].byteOffset);
    stage.target.nodes[1].fill(-8000 * 65_536);

    const picture = stage.draw(1);

    const exact = (column: number, row: number): number => {
      const [x, y] = spline.map(column + 0.5, row + 0.5).map((value) => value - 0.5) as [number, number];
      const at = (dx: number, dy: number) => source[(Math.floor(y) + dy) * 400 + Math.floor(x) + dx]!;
      const [fx, fy] = [x - Math.floor(x), y - Math.floor(y)];
      return (at(0, 0) * (1 - fx) + at(1, 0) * fx) * (1 - fy) + (at(0, 1) * (1 - fx) + at(1, 1) * fx) * fy;
    };
    let sum = 0;
    let squares = 0;
    for (let row = 40; row < 220; row += 1) {
      for (let column = 40; column < 400; column += 1) {
        const error = Math.abs(picture[row * 640 + column]! - exact(column, row));
        sum += error;
        squares += error * error;
      }
    }
    const count = 180 * 360;
    expect(sum / count).toBeLessThan(0.34);
    expect(10 * Math.log10((255 * 255) / (squares / count))).toBeGreaterThan(54);
  });
});
