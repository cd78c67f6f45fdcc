import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawReference } from '../../../src/kernels/reference-draw.ts';
import { advanceReference, planReference } from '../../../src/kernels/reference-plan.ts';
import { fillNodes, seeded, stripStage } from './strip-stage.ts';

const canvas = { widthPx: 256, heightPx: 96 };
const view = { widthPx: 160, heightPx: 90 };

/** Both views show one scene, a ramp of two grey levels per canvas pixel, target 90 px to the right. */
function paintRamp(bytes: Uint8Array, width: number, height: number, offset: number, slope: number): void {
  bytes.fill(128);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) bytes[y * width + x] = Math.min(255, (x + offset) * slope);
  }
}

describe('Strip between two geometries', () => {
  it('shows at each step what the scalar twins show, and reaches the new geometry exactly', async () => {
    const seed = fc.record({ seed: fc.integer(), frames: fc.integer({ min: 1, max: 7 }), far: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(seed, async ({ seed, frames, far }) => {
        const random = seeded(seed);
        const stage = await stripStage({ canvas, reference: view, target: view, featherPx: 40, workers: 2 });
        for (const which of [0, 1] as const) {
          stage.sources[which].forEach((_, index) => (stage.sources[which][index] = random() * 256));
          fillNodes(stage.target, which, (x, y) => [x - 20 - 80 * which + 3 * random(), y - 3 + 3 * random()]);
        }
        stage.draw(1);
        const from = stage.target.nodes.map((nodes) => nodes.slice()) as [Int32Array, Int32Array];
        const reach = far ? 15_000 : 40;
        for (const which of [0, 1] as const) {
          fillNodes(stage.target, which, (x, y) => [
            x - 30 - 80 * which + reach * (random() - 0.5),
            y + reach * (random() - 0.5),
          ]);
        }

        for (let left = frames; left > 0; left -= 1) {
          const got = stage.draw(left);
          for (const which of [0, 1] as const) advanceReference(from[which], stage.target.nodes[which], 1 / left);
          const pair = { ...stage.target, nodes: from };
          const wanted = drawReference(pair, planReference(pair, 40), stage.sources, canvas);
          expect(Buffer.compare(got, wanted)).toBe(0);
        }

        expect(stage.shown.nodes[0]).toEqual(stage.target.nodes[0]);
        expect(stage.shown.nodes[1]).toEqual(stage.target.nodes[1]);
      }),
      { numRuns: 6 },
    );
  });

  it('never changes a covered pixel by more than the displacement of one step explains', async () => {
    const slope = 1;
    const frames = 10;
    const stage = await stripStage({ canvas, reference: view, target: view, featherPx: 40 });
    paintRamp(stage.sources[0], view.widthPx, view.heightPx, 0, slope);
    paintRamp(stage.sources[1], view.widthPx, view.heightPx, 90, slope);
    fillNodes(stage.target, 0, (x, y) => [x - 8, y - 4]);
    fillNodes(stage.target, 1, (x, y) => [x - 98, y - 4]);
    let before = stage.draw(1);
    const displacementPx = 30;
    fillNodes(stage.target, 0, (x, y) => [x - 8 + displacementPx, y - 4]);
    fillNodes(stage.target, 1, (x, y) => [x - 98 + displacementPx, y - 4]);

    const limit = (slope * displacementPx) / frames + 1.5;
    for (let left = frames; left > 0; left -= 1) {
      const after = stage.draw(left);
      let worst = 0;
      for (let y = 8; y < 80; y += 1) {
        // Columns that both geometries cover.
        for (let x = 12; x < 210; x += 1) {
          worst = Math.max(worst, Math.abs(after[y * canvas.widthPx + x]! - before[y * canvas.widthPx + x]!));
        }
      }
      expect(worst).toBeLessThanOrEqual(limit);
      expect(worst).toBeGreaterThan(1);
      before = after;
    }
  });

  it('moves on from what it shows when a newer geometry comes half way', async () => {
    const stage = await stripStage({ canvas, reference: view, target: view });
    fillNodes(stage.target, 0, (x, y) => [x, y]);
    fillNodes(stage.target, 1, (x, y) => [x - 90, y]);
    stage.draw(1);
    fillNodes(stage.target, 0, (x, y) => [x + 40, y]);
    stage.draw(4);
    stage.draw(3);
    const halfWay = stage.shown.nodes[0][0]! / 65_536;
    fillNodes(stage.target, 0, (x, y) => [x, y]);
    stage.draw(2);

    expect(halfWay).toBeCloseTo(20, 3);
    expect(stage.shown.nodes[0][0]! / 65_536).toBeCloseTo(10, 3);
  });

  it('cuts the rows into bands without gap or overlap, whatever the number of workers', async () => {
    for (const workers of [1, 2, 3, 6, 9]) {
      const stage = await stripStage({ canvas, reference: view, target: view, workers });
      fillNodes(stage.target, 0, (x, y) => [x, y - 40]);
      fillNodes(stage.target, 1, (x, y) => [x - 90, y - 50]);
      stage.draw(1);

      const bounds = stage.strips.map((strip) => strip.rows);
      expect(bounds[0]![0]).toBe(0);
      expect(bounds.at(-1)![1]).toBe(6);
      for (let index = 1; index < workers; index += 1) expect(bounds[index]![0]).toBe(bounds[index - 1]![1]);
    }
  });
});
