import { describe, expect, it } from 'vitest';
import { viewDifference } from '../../../src/compose/view-difference.ts';
import { fillNodes, stripStage } from './strip-stage.ts';

const canvas = { widthPx: 256, heightPx: 128 };
const view = { widthPx: 160, heightPx: 128 };

/** Both views full on the canvas, the target 96 px to the right; the right half of the reference view is the overlap. */
async function overlapping(workers: number) {
  const stage = await stripStage({ canvas, reference: view, target: view, workers });
  fillNodes(stage.target, 0, (x, y) => [x, y]);
  fillNodes(stage.target, 1, (x, y) => [x - 96, y]);
  stage.sources.forEach((source) => source.fill(128));
  return stage;
}

function measured(stage: Awaited<ReturnType<typeof overlapping>>) {
  stage.draw(1);
  return viewDifference(Float64Array.from(stage.bins.flatMap((bins) => [...bins])));
}

describe('the comparison of both views in the overlap', () => {
  it('counts every node that both views cover, once, however the rows are cut', async () => {
    for (const workers of [1, 2, 4]) {
      const stage = await overlapping(workers);
      stage.sources[0].fill(100, 0, 160 * 128).fill(131, 160 * 128, 160 * 128 * 1.25);

      const difference = measured(stage);

      // Nodes 7 … 9 of the columns (112, 128, 144) and 1 … 7 of the rows lie inside both views with their blocks.
      expect(difference?.blocks).toBe(21);
      expect(difference?.luma).toBeCloseTo(Math.log((100 - 16) / (128 - 16)), 9);
      expect([difference?.u, difference?.v]).toEqual([3, 0]);
    }
  });

  it('leaves out what is black or saturated in either view', async () => {
    const stage = await overlapping(1);
    stage.sources[0].fill(250, 0, 160 * 72);
    stage.sources[1].fill(20, 160 * 88, 160 * 128);

    const difference = measured(stage);

    expect(difference?.blocks).toBe(3);
    expect(difference?.luma).toBe(0);
  });

  it('says nothing when all of the overlap is dark', async () => {
    const stage = await overlapping(1);
    stage.sources[1].fill(17, 0, 160 * 128);

    expect(measured(stage)).toBeUndefined();
  });

  it('is that of most blocks when a lamp shines into one view', async () => {
    const stage = await overlapping(1);
    stage.sources[0].fill(100, 0, 160 * 128);
    stage.sources[1].fill(100, 0, 160 * 128);
    for (let row = 40; row < 72; row += 1) stage.sources[1].fill(215, row * 160, row * 160 + 160);

    const difference = measured(stage);

    expect(difference?.blocks).toBe(21);
    expect(difference?.luma).toBe(0);
  });
});
