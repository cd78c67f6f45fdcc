import { describe, expect, it } from 'vitest';

import { apply, invert, multiply, pixelHomography, type Homography } from '../../../src/geometry/homography.ts';
import { CameraFollower, FOLLOW_SIZE } from '../../../src/inference/camera-follower.ts';
import { PictureAligner } from '../../../src/inference/picture-motion.ts';
import { drawView, type ViewOptions } from '../../helpers/textured-scene.ts';

const { widthPx, heightPx } = FOLLOW_SIZE;

/** View → scene of a camera that is shifted, turned, and tilted a little. */
function camera(dx: number, dy: number, turn = 0, tilt = 0): Homography {
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  return Float64Array.from([c, -s, 400 + dx, s, c, 300 + dy, tilt, 0, 1]);
}

function picture(sceneFromView: Homography, options: ViewOptions = {}): Float32Array {
  return Float32Array.from(drawView(FOLLOW_SIZE, sceneFromView, { grain: [3, 7], ...options }));
}

/** Longest distance of a corner's images, pixels of FOLLOW_SIZE. */
function cornerError(a: Homography, b: Homography): number {
  const corners = [0, widthPx].flatMap((x) => [0, heightPx].map((y) => [x, y] as const));
  return Math.max(
    ...corners.map(([x, y]) => {
      const [one, two] = [apply(a, x, y), apply(b, x, y)];
      return Math.hypot(one[0] - two[0], one[1] - two[1]);
    }),
  );
}

describe('how a picture lies to a key picture', () => {
  const key = camera(0, 0);
  const aligner = new PictureAligner();
  aligner.setKey(picture(key), widthPx, heightPx);
  const aligned = (sceneFromView: Homography, luma: Float32Array): { error: number; support: number } => {
    const found = aligner.align(luma, widthPx, heightPx)!;
    const nowFromKey = pixelHomography(found.nowFromKey, FOLLOW_SIZE, FOLLOW_SIZE, FOLLOW_SIZE);
    return { error: cornerError(nowFromKey, multiply(invert(sceneFromView), key)), support: found.support };
  };

  it.each([
    ['a shift of half a pixel', camera(0.75, 0)],
    ['a shift of eight pixels', camera(12, -3)],
    ['a turn', camera(2, 1, 0.02)],
    ['a shift of 7 % of the width', camera(17, 4)],
    ['a tilt', camera(3, -2, 0.005, 1e-5)],
  ])('is found to half a pixel in the corners: %s', (_name, moved) => {
    const { error, support } = aligned(moved, picture(moved, { grain: [3, 8] }));
    expect(error).toBeLessThan(0.5);
    expect(support).toBeGreaterThan(0.9);
  });

  it('does not depend on the exposure', () => {
    const moved = camera(4, 2);
    const dark = picture(moved).map((value) => 0.5 * value + 12);
    expect(aligned(moved, dark).error).toBeLessThan(0.5);
  });

  it('follows the camera and not an object that covers a tenth of the picture', () => {
    const moved = camera(3, 0);
    expect(aligned(moved, picture(moved, { object: [90, 50, 66] })).error).toBeLessThan(0.5);
  });

  it('has little support in another place', () => {
    const elsewhere = camera(4000, 900);
    const found = aligner.align(picture(elsewhere), widthPx, heightPx);
    expect(found?.support ?? 0).toBeLessThan(0.52);
  });

  it('says nothing of a picture without texture', () => {
    const blank = new PictureAligner();
    blank.setKey(new Float32Array(widthPx * heightPx).fill(90), widthPx, heightPx);
    expect(blank.isUsable).toBe(false);
    expect(blank.align(picture(key), widthPx, heightPx)).toBeUndefined();
  });
});

describe('one camera over many pictures', () => {
  const view = { widthPx: 1280, heightPx: 960 };
  /** Older ← newer, pixels of the view. */
  const truth = (older: Homography, newer: Homography): Homography => {
    const scale = view.widthPx / widthPx;
    const toView = Float64Array.from([scale, 0, 0, 0, scale, 0, 0, 0, 1]);
    return multiply(toView, multiply(multiply(invert(older), newer), invert(toView)));
  };
  const middle = (h: Homography): [number, number] => apply(h, view.widthPx / 2, view.heightPx / 2);

  it('knows a motion across pictures that became the key on the way', () => {
    const follower = new CameraFollower(view);
    const pan = [0, 1, 2, 3, 4, 5, 6].map((t) => camera(5 * t, 2 * Math.sin(t)));
    for (const [t, sceneFromView] of pan.entries()) follower.see(picture(sceneFromView), t);
    for (const [older, newer] of [
      [0, 6],
      [5, 6],
      [3, 1],
    ] as const) {
      const found = middle(follower.motion(older, newer)!);
      const wanted = middle(truth(pan[older]!, pan[newer]!));
      expect(Math.hypot(found[0] - wanted[0], found[1] - wanted[1])).toBeLessThan(1.5);
    }
  });

  it('takes pictures in any order, and knows only those that it saw', () => {
    const follower = new CameraFollower(view);
    for (const t of [0, 2, 1]) follower.see(picture(camera(2 * t, 0)), t);
    expect(follower.knows(1)).toBe(true);
    expect(follower.motion(0, 7)).toBeUndefined();
    const wanted = middle(truth(camera(2, 0), camera(4, 0)));
    const found = middle(follower.motion(1, 2)!);
    expect(Math.abs(found[0] - wanted[0])).toBeLessThan(1);
  });

  it('forgets what was before a cut', () => {
    const follower = new CameraFollower(view);
    follower.see(picture(camera(0, 0)), 0);
    follower.see(picture(camera(5000, 3000)), 1);
    expect(follower.motion(0, 1)).toBeUndefined();
    expect(follower.knows(1)).toBe(true);
  });
});
