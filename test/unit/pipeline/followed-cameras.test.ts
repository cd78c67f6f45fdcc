import { describe, expect, it } from 'vitest';

import type { CanvasGeometry, Mesh } from '../../../src/contract/warp-state.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';
import { FOLLOW_SIZE } from '../../../src/inference/camera-follower.ts';
import { FollowedCameras } from '../../../src/pipeline/followed-cameras.ts';
import { drawView } from '../../helpers/textured-scene.ts';

const view = { widthPx: 960, heightPx: 720 };
const grid = { rows: 4, cols: 6 };
const rigid = rigidMesh(grid, view);
const FRAME_US = 40_000;

/** Pictures of a camera that turns by 5 pixels of the view each. */
const pictures = [0, 5, 10, 15, 20].map((px) =>
  Float32Array.from(drawView(FOLLOW_SIZE, Float64Array.from([1, 0, 300 + px / 4, 0, 1, 200, 0, 0, 1]))),
);

function geometry(mesh: Mesh, version: number): CanvasGeometry {
  const canvas = { widthPx: 1920, heightPx: 768 };
  const facts = { version, origin: 'network', canvas, grid, referenceView: view, targetView: view } as const;
  const meshes = { reference: mesh, target: mesh, rawReference: mesh, rawTarget: mesh };
  return { ...facts, ...meshes, confidence: 1, overlap: 0.5 };
}

/** Shows both cameras turning from picture `from` on, with a geometry for each. @returns versions that were carried on */
function turn(cameras: FollowedCameras, mesh: Mesh, from: number): (number | undefined)[] {
  return pictures.map((picture, after) => {
    const timeUs = FRAME_US * (from + after);
    for (const side of [0, 1] as const) if (cameras.wants(side, timeUs)) cameras.see(side, picture, timeUs, timeUs);
    cameras.motions([timeUs - FRAME_US, timeUs - FRAME_US], [timeUs, timeUs]);
    cameras.take(geometry(mesh, from), { times: [timeUs, timeUs], isMoving: true }, 3, timeUs);
    return cameras.at([timeUs, timeUs], timeUs)?.version;
  });
}

describe('cameras that are followed', () => {
  it.each([
    ['fall into one point', rigid.map(() => 5)],
    ['fall into one line', rigid.map((value, at) => (at % 2 === 0 ? value : 5))],
    ['are nowhere', rigid.map(() => NaN)],
  ])('are given up, and followed again later, when their views %s', (_name, degenerate) => {
    const cameras = new FollowedCameras({ reference: view, target: view });
    expect(() => turn(cameras, degenerate, 0)).not.toThrow();
    expect(turn(cameras, rigid, 10).at(-1)).toBe(10);
  });
});
