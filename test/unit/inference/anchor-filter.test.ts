import { describe, expect, it } from 'vitest';

import type { PlaneMeshes } from '../../../src/geometry/mid-plane.ts';
import { rigidMesh } from '../../../src/geometry/rigid-mesh.ts';
import { AnchorFilter, meshDistance } from '../../../src/inference/anchor-filter.ts';

const view = { widthPx: 1280, heightPx: 720 };
const grid = { rows: 9, cols: 12 };

/** An alignment whose target lies `dx` to the right, each point off by up to `noisePx`. */
function alignment(dx: number, noisePx = 0, seed = 1): PlaneMeshes {
  let count = 0;
  const random = (): number => {
    count += 1;
    const wave = Math.sin(seed * 127.1 + count * 311.7) * 43_758.5453;
    return 2 * (wave - Math.floor(wave)) - 1;
  };
  const reference = rigidMesh(grid, view).map((value) => value + noisePx * random());
  const target = rigidMesh(grid, view).map((value, index) => value + (index % 2 === 0 ? dx : 0) + noisePx * random());
  return { reference, target };
}

function largestStep(a: PlaneMeshes, b: PlaneMeshes): number {
  let largest = 0;
  for (const side of ['reference', 'target'] as const) {
    for (let at = 0; at < a[side].length; at += 2) {
      largest = Math.max(largest, Math.hypot(a[side][at]! - b[side][at]!, a[side][at + 1]! - b[side][at + 1]!));
    }
  }
  return largest;
}

/** A filter that has accepted `alignment(700)`. */
function settled(): AnchorFilter {
  const filter = new AnchorFilter(view.widthPx, true);
  filter.anchor(alignment(700), true, 0);
  filter.anchor(alignment(700), true, 0.2);
  return filter;
}

describe('anchors over time', () => {
  it('shows nothing before two anchors agree', () => {
    const filter = new AnchorFilter(view.widthPx, true);
    filter.anchor(alignment(700), true, 0);
    expect(filter.shown).toBeUndefined();
    expect(filter.isWaiting).toBe(true);
    filter.anchor(alignment(500), true, 0.2);
    expect(filter.shown).toBeUndefined();
    filter.anchor(alignment(503), true, 0.2);
    expect(filter.shown?.target[0]).toBeCloseTo(501.5, 6);
    expect(filter.isWaiting).toBe(false);
  });

  it('carries an anchor that waits along with the cameras, so that a shake is not halved into the first picture', () => {
    const filter = new AnchorFilter(view.widthPx, true);
    filter.anchor(alignment(700), true, 0);
    expect(filter.carried?.target[0]).toBe(700);
    filter.transport(({ reference, target }) => ({
      reference,
      target: target.map((value, index) => value + (index % 2 === 0 ? 8 : 0)),
    }));
    filter.anchor(alignment(708), false, 0.04);
    expect(filter.shown?.target[0]).toBeCloseTo(708, 6);
    expect(filter.carried).toBe(filter.shown);
  });

  it('takes the first anchor at once where every frame is compared', () => {
    const filter = new AnchorFilter(view.widthPx, false);
    filter.anchor(alignment(700), true, 0);
    expect(filter.shown?.target[0]).toBe(700);
  });

  it('moves no point by more than 0.2 px a frame for a still pair, and less and less', () => {
    const filter = settled();
    let largest = 0;
    let late = 0;
    for (let frame = 0; frame < 25 * 60; frame += 1) {
      const before = filter.shown!;
      if (frame % 10 === 0) filter.anchor(alignment(700, 3, frame + 1), true, 0.4);
      filter.advance(true, 0.04);
      largest = Math.max(largest, largestStep(before, filter.shown!));
      if (frame > 25 * 30) late = Math.max(late, largestStep(before, filter.shown!));
    }
    expect(largest).toBeLessThan(0.15);
    expect(late).toBeLessThan(0.06);
    expect(largestStep(filter.shown!, alignment(700))).toBeLessThan(1.5);
  });

  it('does not follow a single anchor that lies elsewhere while the cameras are still', () => {
    const filter = settled();
    for (let count = 0; count < 5; count += 1) filter.anchor(alignment(700), true, 0.2);
    filter.anchor(alignment(760), true, 0.2);
    for (let frame = 0; frame < 10; frame += 1) filter.advance(true, 0.04);
    expect(filter.shown!.target[0]).toBeCloseTo(700, 6);
    filter.anchor(alignment(700), true, 0.2);
    expect(filter.isWaiting).toBe(false);
  });

  it('glides to another place within a second when a second anchor confirms it', () => {
    const filter = settled();
    filter.anchor(alignment(760), true, 0.2);
    filter.anchor(alignment(761), true, 0.2);
    for (let frame = 0; frame < 25; frame += 1) {
      const before = filter.shown!;
      filter.advance(true, 0.04);
      expect(largestStep(before, filter.shown!)).toBeLessThan(12);
    }
    expect(meshDistance(filter.shown!, alignment(760.5))).toBeLessThan(1.5);
  });

  it('follows a moving camera within a third of a second', () => {
    const filter = settled();
    for (let frame = 0; frame < 15; frame += 1) {
      filter.transport((meshes) => meshes);
      filter.anchor(alignment(705), false, 0.04);
      filter.advance(false, 0.04);
    }
    expect(meshDistance(filter.shown!, alignment(705))).toBeLessThan(2);
  });

  it('carries everything along with the cameras', () => {
    const filter = settled();
    filter.transport(({ reference, target }) => ({ reference, target: target.map((value) => value + 4) }));
    filter.advance(false, 0.04);
    expect(filter.shown!.target[0]).toBeCloseTo(704, 9);
  });

  it('finds a first alignment while every picture is a jump: cameras on one mount that turn fast', () => {
    const filter = new AnchorFilter(1280, true);
    for (const target of [700, 703]) {
      filter.jump();
      filter.anchor(alignment(target), false, 0.25);
    }
    expect(filter.shown!.target[0]).toBeCloseTo(701.5, 5);
  });

  it('keeps the old alignment after a jump until two anchors agree on a new one', () => {
    const filter = settled();
    filter.jump();
    filter.anchor(alignment(300), false, 0.2);
    filter.advance(false, 0.04);
    expect(filter.shown!.target[0]).toBe(700);
    filter.anchor(alignment(300), false, 0.2);
    for (let frame = 0; frame < 50; frame += 1) filter.advance(false, 0.04);
    expect(filter.shown!.target[0]).toBeCloseTo(300, 0);
  });
});
