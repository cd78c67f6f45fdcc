import { describe, expect, it } from 'vitest';

import { CameraMotionGauge } from '../../../src/inference/camera-motion.ts';

const WIDTH = 480;
const HEIGHT = 360;

/** Deterministic noise, −0.5 … 0.5. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}

/** A textured scene seen by a camera that is shifted and turned, with grain; `object` covers part of the view. */
function picture(options: {
  dx?: number;
  turn?: number;
  gain?: number;
  offset?: number;
  object?: number;
  seed?: number;
}): Float32Array {
  const { dx = 0, turn = 0, gain = 1, offset = 0, object, seed = 1 } = options;
  const grain = noise(seed);
  const luma = new Float32Array(WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      const [cx, cy] = [x - WIDTH / 2, y - HEIGHT / 2];
      const u = cx + dx - turn * cy;
      const v = cy + turn * cx;
      let value =
        120 + 40 * Math.sin(u / 17) * Math.cos(v / 23) + 25 * Math.sin((u + 2 * v) / 41) + 15 * Math.cos(v / 9);
      if (object !== undefined && x > object && x < object + 120)
        value = 90 + 60 * Math.sin((x - object) / 12 + y / 15);
      luma[y * WIDTH + x] = gain * value + offset + 6 * grain();
    }
  }
  return luma;
}

function gauge(object?: number): CameraMotionGauge {
  const made = new CameraMotionGauge(WIDTH, HEIGHT);
  made.remember(picture(object === undefined ? {} : { object }));
  return made;
}

describe('gauge of camera motion', () => {
  it('sees a still camera behind grain and a change of light', () => {
    const motion = gauge(20).compare(picture({ object: 20, seed: 2, gain: 1.06, offset: -5 }));
    expect(motion.cornerPx).toBeLessThan(0.1);
    expect(motion.stillShare).toBeGreaterThan(0.9);
  });

  it('sees a still camera while an object of a quarter of the view crosses it', () => {
    for (const object of [60, 150, 260]) {
      const motion = gauge(20).compare(picture({ object, seed: 3 }));
      expect(motion.movingShare).toBeLessThan(0.6);
      expect(motion.stillShare).toBeGreaterThan(0.5);
    }
  });

  it.each([0.3, 0.6, 1.5])('measures a shift of %s px', (dx) => {
    const motion = gauge().compare(picture({ dx, seed: 4 }));
    expect(motion.cornerPx).toBeGreaterThan(0.75 * dx);
    expect(motion.cornerPx).toBeLessThan(1.25 * dx);
    expect(motion.movingShare).toBeGreaterThan(0.6);
  });

  it('measures a turn about the centre', () => {
    const motion = gauge().compare(picture({ turn: 0.004, seed: 5 }));
    expect(motion.cornerPx).toBeGreaterThan(0.004 * 300 * 0.75);
    expect(motion.cornerPx).toBeLessThan(0.004 * 300 * 1.25);
  });

  it('sees that nothing is where it was after a large motion', () => {
    const motion = gauge().compare(picture({ dx: 31, turn: 0.3, seed: 6 }));
    expect(motion.stillShare).toBeLessThan(0.5);
  });

  it('says nothing about a view without texture', () => {
    const blank = new CameraMotionGauge(WIDTH, HEIGHT);
    blank.remember(new Float32Array(WIDTH * HEIGHT).fill(16));
    expect(blank.compare(new Float32Array(WIDTH * HEIGHT).fill(17))).toEqual({
      cornerPx: 0,
      stillShare: 1,
      movingShare: 0,
    });
  });
});
