import { describe, expect, it } from 'vitest';

import { checkMesh, checkPair } from '../../../src/geometry/mesh-sanity.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';

const view = { widthPx: 480, heightPx: 360 };
const grid = { rows: 9, cols: 12 };
const rigid = (): Float64Array => rigidMesh(grid, view);

describe('mesh sanity', () => {
  it('accepts rigid, turned and moderately scaled meshes', () => {
    const [c, s] = [Math.cos(1.2), Math.sin(1.2)];
    const turned = rigid();
    for (let at = 0; at < turned.length; at += 2) {
      turned.set([c * turned[at]! - s * turned[at + 1]!, s * turned[at]! + c * turned[at + 1]!], at);
    }
    expect(checkMesh(rigid(), grid, view)).toBeUndefined();
    expect(checkMesh(turned, grid, view)).toBeUndefined();
    expect(
      checkMesh(
        rigid().map((value) => value * 2.9),
        grid,
        view,
      ),
    ).toBeUndefined();
  });

  it.each([
    ['finite', rigid().with(40, Number.NaN)],
    ['number of control points', rigid().subarray(2)],
    ['folds', rigid().map((value, index) => (index % 2 === 0 ? 480 - value : value))],
    ['folds', rigid().with(60, rigid()[60]! + 41)],
    ['stretches', rigid().map((value) => value * 3.1)],
    ['squeezes', rigid().map((value) => value * 0.3)],
  ])('says that it is wrong: %s', (word, mesh) => {
    expect(checkMesh(mesh, grid, view)).toContain(word);
  });

  it('refuses a canvas wider or higher than three views', () => {
    const away = (dx: number, dy: number): Float64Array =>
      rigid().map((value, index) => value + (index % 2 === 0 ? dx : dy));
    const check = (dx: number, dy: number): string | undefined =>
      checkPair({ reference: rigid(), target: away(dx, dy) }, grid, { reference: view, target: view });
    expect(check(900, 0)).toBeUndefined();
    expect(check(970, 0)).toContain('three views');
    expect(check(0, 800)).toContain('three views');
  });
});
