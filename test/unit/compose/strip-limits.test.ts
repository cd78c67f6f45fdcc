import { describe, expect, it } from 'vitest';
import { fillNodes, stripStage } from './strip-stage.ts';

const canvas = { widthPx: 256, heightPx: 128 };

function luma(picture: Uint8Array, x: number, y: number): number {
  return picture[y * canvas.widthPx + x]!;
}

describe('Strip at the limits', () => {
  it('leaves a canvas that no view reaches black', async () => {
    const view = { widthPx: 64, heightPx: 48 };
    const stage = await stripStage({ canvas, reference: view, target: view });
    stage.sources.forEach((source) => source.fill(255));
    for (const which of [0, 1] as const) fillNodes(stage.target, which, (x, y) => [x - 5000, y + 9000]);

    const picture = stage.draw(1);

    expect(picture.subarray(0, 256 * 128).every((value) => value === 16)).toBe(true);
    expect(picture.subarray(256 * 128).every((value) => value === 128)).toBe(true);
  });

  it('shows views of different sizes side by side, in either order, and one above the other', async () => {
    const reference = { widthPx: 96, heightPx: 64 };
    const target = { widthPx: 64, heightPx: 48 };
    const places: [[number, number], [number, number]][] = [
      [
        [8, 8],
        [112, 8],
      ],
      [
        [112, 8],
        [8, 8],
      ],
      [
        [8, 4],
        [8, 72],
      ],
      [
        [8, 56],
        [8, 4],
      ],
    ];
    for (const [first, second] of places) {
      const stage = await stripStage({ canvas, reference, target });
      stage.sources[0].fill(200);
      stage.sources[1].fill(90);
      fillNodes(stage.target, 0, (x, y) => [x - first[0], y - first[1]]);
      fillNodes(stage.target, 1, (x, y) => [x - second[0], y - second[1]]);

      const picture = stage.draw(1);

      expect(luma(picture, first[0] + 2, first[1] + 2)).toBe(200);
      expect(luma(picture, first[0] + 93, first[1] + 61)).toBe(200);
      expect(luma(picture, second[0] + 2, second[1] + 2)).toBe(90);
      expect(luma(picture, second[0] + 61, second[1] + 45)).toBe(90);
      expect(luma(picture, 250, 124)).toBe(16);
    }
  });

  it('never reads beside the memory, with the widest views at its start', async () => {
    const view = { widthPx: 4096, heightPx: 16 };
    for (const shift of [-47, -20, 0, 20, 47]) {
      const stage = await stripStage({ canvas, reference: view, target: view });
      fillNodes(stage.target, 0, (x, y) => [x + shift, y + shift]);
      fillNodes(stage.target, 1, (x, y) => [x * 1.9 + 3700, y * 1.9 + 3 * shift]);

      expect(() => stage.draw(1)).not.toThrow();
    }
  });

  it('does not trap on folded, collapsed and extreme grids', async () => {
    const view = { widthPx: 128, heightPx: 96 };
    const maps: ((x: number, y: number) => [number, number])[] = [
      () => [64, 48],
      (x, y) => [y, x],
      (x, y) => [128 - x, 96 - y],
      (x, y) => [(x % 32) * 500 - 4000, (y % 32) * 500 - 4000],
      () => [8191, -8191],
      (x) => [x < 128 ? -8191 : 8191, 40],
    ];
    for (const map of maps) {
      const stage = await stripStage({ canvas, reference: view, target: view });
      fillNodes(stage.target, 0, map);
      fillNodes(stage.target, 1, map);

      expect(() => stage.draw(3)).not.toThrow();
    }
  });

  it('fades a view to black by its gain and leaves the other as it is', async () => {
    const view = { widthPx: 96, heightPx: 96 };
    const stage = await stripStage({ canvas, reference: view, target: view });
    stage.sources.forEach((source) => source.fill(180));
    fillNodes(stage.target, 0, (x, y) => [x, y]);
    fillNodes(stage.target, 1, (x, y) => [x - 128, y]);

    const picture = stage.draw(1, [
      { luma: 0, chroma: 0 },
      { luma: 1, chroma: 1 },
    ]);

    expect(luma(picture, 40, 40)).toBe(16);
    expect(picture[256 * 128 + 20 * 128 + 20]).toBe(128);
    expect(luma(picture, 170, 40)).toBe(180);
    expect(picture[256 * 128 + 20 * 128 + 90]).toBe(180);
  });

  it('matches the luma of a darker view when told its gain', async () => {
    const view = { widthPx: 96, heightPx: 96 };
    const stage = await stripStage({ canvas, reference: view, target: view });
    stage.sources[0].fill(116);
    fillNodes(stage.target, 0, (x, y) => [x, y]);
    fillNodes(stage.target, 1, (x, y) => [x + 900, y]);

    const picture = stage.draw(1, [
      { luma: 1.5, chroma: 1, lumaOffset: 2 },
      { luma: 1, chroma: 1 },
    ]);

    expect(luma(picture, 40, 40)).toBe(16 + 150 + 2);
  });
});
