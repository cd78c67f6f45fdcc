import { describe, expect, it } from 'vitest';
import type { Report, ReportFrame, ReportMesh } from '../../../src/contract/report.ts';
import { mapOfReport } from '../../../src/evaluate/pixel-map.ts';

const VIEWS = { reference: { width: 960, height: 720 }, target: { width: 640, height: 480 } };
const GRID = { rows: 9, cols: 12 };

function mesh(view: { width: number; height: number }, place: (x: number, y: number) => [number, number]): ReportMesh {
  return Array.from({ length: GRID.rows + 1 }, (_row, row) =>
    Array.from({ length: GRID.cols + 1 }, (_col, col) =>
      place((col * view.width) / GRID.cols, (row * view.height) / GRID.rows),
    ),
  );
}

function reportOf(reference: ReportMesh, target: ReportMesh): { report: Report; frame: ReportFrame } {
  const frame: ReportFrame = {
    index: 0,
    source_index: [0, 0],
    pts_us: 0,
    geometry: 'network',
    confidence: 1,
    overlap: 0.5,
    providers: ['cpu'],
    reference,
    target,
    raw_reference: reference,
    raw_target: target,
  };
  return { report: { version: 1, model: 'lite', width: 1600, height: 800, views: VIEWS, frames: [frame] }, frame };
}

describe('the warp that a report tells', () => {
  const reference = mesh(VIEWS.reference, (x, y) => [x + 30, y + 20]);
  // Half a pixel of the target is 0.75 of the reference; the target lies 500 px to the right.
  const target = mesh(VIEWS.target, (x, y) => [1.5 * x + 530, 1.5 * y + 40]);

  it('leads from the left picture through the panorama to the right one', () => {
    const { report, frame } = reportOf(reference, target);
    const { map, fault } = mapOfReport(report, frame, { widthPx: 480, heightPx: 360 }, { widthPx: 480, heightPx: 360 });

    expect(fault).toBeUndefined();
    // Centre (300.5, 100.5) of the left plane = (601, 201) of the view = (631, 221) of the panorama
    // = (101, 181) / 1.5 of the target = three quarters of it in its plane.
    const at = (100 * 480 + 300) * 2;
    expect(map.positions[at]).toBeCloseTo((101 / 1.5) * 0.75 - 0.5, 2);
    expect(map.positions[at + 1]).toBeCloseTo((181 / 1.5) * 0.75 - 0.5, 2);
  });

  it('names a folded mesh', () => {
    const folded = mesh(VIEWS.target, (x, y) => [x === 320 ? 1.5 * x + 400 : 1.5 * x + 530, 1.5 * y + 40]);
    const { report, frame } = reportOf(reference, folded);

    const { fault } = mapOfReport(report, frame, { widthPx: 480, heightPx: 360 }, { widthPx: 480, heightPx: 360 });

    expect(fault).toContain('folds');
  });

  it('names a folded reference, whose warp has no inverse, instead of breaking off', () => {
    const folded = mesh(VIEWS.reference, (x, y) => [Math.abs(x - 480) + 30, y + 20]);
    const { report, frame } = reportOf(folded, target);

    const { fault } = mapOfReport(report, frame, { widthPx: 480, heightPx: 360 }, { widthPx: 480, heightPx: 360 });

    expect(fault).toContain('folds');
  });

  it('names a view that has shrunk to a point, of which nothing can be repeated', () => {
    const { report, frame } = reportOf(
      mesh(VIEWS.reference, () => [30, 20]),
      target,
    );

    const { map, fault } = mapOfReport(report, frame, { widthPx: 48, heightPx: 36 }, { widthPx: 48, heightPx: 36 });

    expect(fault).toBeDefined();
    expect(map.positions.every(Number.isNaN)).toBe(true);
  });
});
