import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CanvasPath } from '../../../src/geometry/canvas-path.ts';
import { apply, cornerOffsets, type Homography, multiply, scaleShift } from '../../../src/geometry/homography.ts';

const canvas = { widthPx: 1920, heightPx: 800 };
const FRAME_S = 0.04;

/** Where content that goes along `places` over the canvas is shown, pixels from where it began. */
function shown(places: readonly number[]): number[] {
  const path = new CanvasPath(canvas);
  return places.map((place, t) => {
    const step = place - (places[t - 1] ?? 0);
    const [x] = apply(path.next(scaleShift(1, 1, step, 0), FRAME_S), 700, 300);
    return x - 700 + place;
  });
}

/** Mean squared step from picture to picture. */
function unrest(places: readonly number[]): number {
  return places.slice(1).reduce((sum, place, t) => sum + (place - places[t]!) ** 2, 0) / (places.length - 1);
}

describe('the way of content over the canvas', () => {
  it('is never shown outside the range that it has been in', () => {
    const steps = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(steps, (wanted) => {
        const places: number[] = [0];
        for (const step of wanted) places.push(places.at(-1)! + step);
        for (const [t, place] of shown(places).entries()) {
          const been = places.slice(0, t + 1);
          expect(place).toBeGreaterThan(Math.min(...been) - 1e-6);
          expect(place).toBeLessThan(Math.max(...been) + 1e-6);
        }
      }),
    );
  });

  it('loses its shake', () => {
    const places = Array.from({ length: 200 }, (_none, t) => 6 * Math.sin(0.37 * t) + 5 * Math.sin(1.73 * t + 1));
    expect(unrest(shown(places))).toBeLessThan(0.02 * unrest(places));
  });

  it('is followed after a sudden turn within a second and a half, in steps of a few pixels', () => {
    const places = Array.from({ length: 60 }, (_none, t) => (t < 10 ? 0 : 60));
    const smooth = shown(places);
    const steps = smooth.slice(1).map((place, t) => place - smooth[t]!);
    expect(Math.max(...steps)).toBeLessThan(8);
    expect(Math.min(...steps)).toBeGreaterThan(-1e-6);
    expect(smooth[10 + Math.round(1.5 / FRAME_S)]!).toBeGreaterThan(54);
  });

  it('does not jump when it is found to be elsewhere, and goes there in time', () => {
    const path = new CanvasPath(canvas);
    path.move(scaleShift(1, 1, 30, 0));
    const shownAt = Array.from({ length: 75 }, () => {
      return apply(path.next(scaleShift(1, 1, 0, 0), FRAME_S), 730, 300)[0] - 700;
    });
    expect(shownAt[0]).toBeLessThan(4);
    expect(shownAt.at(-1)).toBeGreaterThan(25);
    expect(Math.max(...shownAt)).toBeLessThan(30 + 1e-6);
  });

  it('stays within a twentieth of the width of a fast pan', () => {
    const places = Array.from({ length: 80 }, (_none, t) => 40 * t);
    const behind = shown(places).map((place, t) => places[t]! - place);
    expect(Math.max(...behind)).toBeLessThan(0.05 * canvas.widthPx + 1e-6);
  });

  it.each([
    ['a fast roll', aboutMiddle(1, 0.5)],
    ['a sudden roll', aboutMiddle(1, 8), 1],
    ['zooming in', aboutMiddle(1.02, 0)],
    ['zooming out', aboutMiddle(1 / 1.02, 0)],
  ])('keeps every corner within a twentieth of the width of the path: %s', (_name, step, steps = 40) => {
    const path = new CanvasPath(canvas);
    let shownFromPath = scaleShift(1, 1, 0, 0);
    const farthest: number[] = [];
    for (let t = 0; t < 90; t += 1) {
      shownFromPath = path.next(t < steps ? step : scaleShift(1, 1, 0, 0), FRAME_S);
      farthest.push(longestOffset(shownFromPath));
    }
    expect(Math.max(...farthest)).toBeGreaterThan(1);
    expect(Math.max(...farthest)).toBeLessThan(0.05 * canvas.widthPx + 1e-6);
    expect(farthest.at(-1)).toBeLessThan(0.005 * canvas.widthPx);
  });
});

function longestOffset(shownFromPath: Homography): number {
  const offsets = cornerOffsets(shownFromPath, canvas);
  return Math.max(...[0, 2, 4, 6].map((at) => Math.hypot(offsets[at]!, offsets[at + 1]!)));
}

/** Content grows and turns about the middle of the canvas. */
function aboutMiddle(scale: number, degrees: number): Homography {
  const [x, y] = [canvas.widthPx / 2, canvas.heightPx / 2];
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const turned = Float64Array.from([scale * cos, -scale * sin, 0, scale * sin, scale * cos, 0, 0, 0, 1]);
  return multiply(scaleShift(1, 1, x, y), multiply(turned, scaleShift(1, 1, -x, -y)));
}
