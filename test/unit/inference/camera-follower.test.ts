import { describe, expect, it } from 'vitest';

import { apply, applyAll, viewCorners, type Homography } from '../../../src/geometry/homography.ts';
import { CameraFollower, FOLLOW_SIZE } from '../../../src/inference/camera-follower.ts';
import { drawView } from '../../helpers/textured-scene.ts';

const view = { widthPx: 1280, heightPx: 960 };
const { widthPx, heightPx } = FOLLOW_SIZE;
const place = drawView(FOLLOW_SIZE, camera(0));

/** View → scene of a camera that looks so many pixels of the view further to the right. */
function camera(px: number): Homography {
  return Float64Array.from([1, 0, 400 + (px * widthPx) / view.widthPx, 0, 1, 300, 0, 0, 1]);
}

/** A picture with other grain each time, as much as averaging over 5 × 5 pixels leaves of that of a dim camera. */
function grainy(picture: Uint8Array, t: number): Float32Array {
  let state = t + 1;
  return Float32Array.from(picture, (value) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return value + 2.5 * (state / 2 ** 32 - 0.5);
  });
}

/** A lorry that covers a third of the view and goes on by five pixels a picture. */
function withLorry(luma: Float32Array, t: number): Float32Array {
  const from = -40 + 5 * t;
  for (let y = 50; y < heightPx; y += 1) {
    for (let x = Math.max(0, from); x < Math.min(widthPx, from + 110); x += 1)
      luma[y * widthPx + x] = ((x - from) >> 3) % 3 === y >> 4 ? 70 : 190 - ((x - from) >> 1);
  }
  return luma;
}

/** How far the corners of the view went between two pictures, pixels of the view. */
function cornerPx(motion: Homography): number {
  const corners = viewCorners(view);
  return Math.max(...applyAll(motion, corners).map((value, at) => Math.abs(value - corners[at]!)));
}

/** How far the middle of the view goes to the right, pixels. */
const middleShift = (motion: Homography): number =>
  apply(motion, view.widthPx / 2, view.heightPx / 2)[0] - view.widthPx / 2;

describe('a camera that stands still', () => {
  it('has one place for all its pictures while a lorry that fills a third of the view passes', () => {
    const follower = new CameraFollower(view);
    for (let t = 0; t < 50; t += 1)
      expect(follower.watch(withLorry(grainy(place, t), t), 40_000 * t), `picture ${t}`).toBe(false);
    expect(cornerPx(follower.motion(0, 40_000 * 49)!)).toBe(0);
  });

  it('has one place for all its pictures while the light changes', () => {
    const follower = new CameraFollower(view);
    for (let t = 0; t < 20; t += 1) {
      const luma = grainy(place, t).map((value) => (1 - 0.03 * t) * value + 0.5 * t);
      expect(follower.watch(luma, 40_000 * t), `picture ${t}`).toBe(false);
    }
    expect(cornerPx(follower.motion(0, 40_000 * 19)!)).toBe(0);
  });

  it('has one place before a dull scene, where a corner cannot be measured well', () => {
    const dull = place.map((value) => 120 + 0.15 * (value - 120));
    for (const seed of [0, 1000, 2000]) {
      const follower = new CameraFollower(view);
      const moved = Array.from({ length: 60 }, (_none, t) => follower.watch(grainy(dull, seed + t), 40_000 * t));
      expect(moved.indexOf(true), `from ${seed} on`).toBe(-1);
    }
  });

  it('is seen to have moved by 1 px when a second picture shows it', () => {
    const follower = new CameraFollower(view);
    const there = drawView(FOLLOW_SIZE, camera(1));
    for (const t of [0, 1, 2]) expect(follower.watch(grainy(place, t), t)).toBe(false);
    expect(follower.watch(grainy(there, 3), 3)).toBe(false);
    expect(follower.watch(grainy(there, 4), 4)).toBe(true);
    expect(Math.abs(middleShift(follower.motion(0, 4)!) - 1)).toBeLessThan(0.5);
  });

  it.each([3, 30])('is seen to have moved in the first picture that lies %s px away', (px) => {
    const follower = new CameraFollower(view);
    for (const t of [0, 1, 2]) expect(follower.watch(grainy(place, t), t)).toBe(false);
    expect(follower.watch(grainy(drawView(FOLLOW_SIZE, camera(px)), 3), 3)).toBe(true);
    // Content of the newer picture lay so much further to the right in any older one.
    for (const older of [0, 2]) expect(Math.abs(middleShift(follower.motion(older, 3)!) - px)).toBeLessThan(1);
  });

  it('remembers four seconds of pictures, however many come', () => {
    const follower = new CameraFollower(view);
    for (let t = 0; t <= 360; t += 1) follower.watch(grainy(place, 0), 16_667 * t);
    expect(follower.knows(16_667 * 120)).toBe(true);
    expect(follower.knows(16_667 * 60)).toBe(false);
  });

  it('is watched again after it has moved, from its new place on', () => {
    const follower = new CameraFollower(view);
    const there = drawView(FOLLOW_SIZE, camera(20));
    follower.watch(grainy(place, 0), 0);
    expect(follower.watch(grainy(there, 1), 1)).toBe(true);
    follower.see(grainy(there, 2), 2);
    for (const t of [3, 4, 5]) expect(follower.watch(grainy(there, t), t)).toBe(false);
    expect(cornerPx(follower.motion(3, 5)!)).toBe(0);
    expect(Math.abs(middleShift(follower.motion(0, 5)!) - 20)).toBeLessThan(1);
  });

  it('is not taken for a moving one when its view is covered for a moment', () => {
    const follower = new CameraFollower(view);
    follower.watch(grainy(place, 0), 0);
    expect(follower.watch(new Float32Array(widthPx * heightPx).fill(16), 1)).toBe(false);
    expect(follower.motion(0, 1)).toBeUndefined();
    expect(follower.watch(grainy(place, 2), 2)).toBe(false);
    expect(cornerPx(follower.motion(0, 2)!)).toBe(0);
  });
});

describe('a motion of a camera', () => {
  it('is believed in detail when it explains the picture, and not when half of what is seen goes its own ways', () => {
    const [turning, driving] = [new CameraFollower(view), new CameraFollower(view)];
    for (let t = 0; t < 12; t += 1) {
      const luma = grainy(drawView(FOLLOW_SIZE, camera(4 * t)), t);
      turning.see(luma, t);
      // The lower half comes nearer: it goes on twice as fast, and down.
      const near = drawView(FOLLOW_SIZE, Float64Array.from([1, 0, 400 + 3 * t, 0, 1, 300 - 3 * t, 0, 0, 1]));
      driving.see(
        luma.map((value, at) => (at < luma.length / 2 ? value : near[at]!)),
        t,
      );
    }
    expect(turning.trust(10, 11)).toBe(1);
    expect(driving.trust(10, 11)).toBeLessThan(0.5);
  });
});
