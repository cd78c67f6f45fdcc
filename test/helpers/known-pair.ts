import type { Picture } from '../../src/model-tools/picture.ts';
import type { Size } from '../../src/contract/pixels.ts';
import { apply, invert, multiply, scaleShift, type Homography } from '../../src/geometry/homography.ts';
import { drawView } from './textured-scene.ts';

/** Two views of one flat scene. */
export interface KnownPair {
  readonly left: Picture;
  readonly right: Picture;
  /** Right ← left, pixels with centres at whole numbers. */
  readonly rightFromLeft: Homography;
}

/** Draws two views of one size whose alignment is known. @param shift of the right view, px @param turn radians */
export function knownPair(size: Size, shift: readonly [number, number], turn = 0, seed = 1): KnownPair {
  const [cos, sin] = [1.04 * Math.cos(turn), 1.04 * Math.sin(turn)];
  // Continuous pixels of the right view → scene; those of the left view are the scene's own.
  const sceneFromRight = Float64Array.from([cos, -sin, shift[0], sin, cos, shift[1], 0.00004, 0, 1]);
  const half = scaleShift(1, 1, 0.5, 0.5);
  return {
    left: coloured(size, drawView(size, scaleShift(1, 1, 0, 0), { seed })),
    right: coloured(size, drawView(size, sceneFromRight, { seed, grain: [2, 7] })),
    rightFromLeft: multiply(invert(half), multiply(invert(sceneFromRight), half)),
  };
}

function coloured(size: Size, grey: Uint8Array): Picture {
  return { ...size, rgb: Uint8Array.from({ length: grey.length * 3 }, (_none, index) => grey[Math.floor(index / 3)]!) };
}

/** Corresponding points of a pair, as truth.json holds them. */
export function truthOf({ left, right, rightFromLeft }: KnownPair): { left: number[][]; right: number[][] } {
  const truth: { left: number[][]; right: number[][] } = { left: [], right: [] };
  for (let y = 8; y < left.heightPx; y += 16) {
    for (let x = 8; x < left.widthPx; x += 16) {
      const [u, v] = apply(rightFromLeft, x, y);
      if (u < 0 || v < 0 || u > right.widthPx - 1 || v > right.heightPx - 1) continue;
      truth.left.push([x, y]);
      truth.right.push([u, v]);
    }
  }
  return truth;
}
