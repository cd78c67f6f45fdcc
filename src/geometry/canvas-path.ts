import type { Size } from '../contract/pixels.ts';
import { cornerOffsets, homographyFromCorners, invert, multiply, viewCorners, type Homography } from './homography.ts';

/** The path is followed with this time constant while it stays near, seconds … */
const SLOW_S = 1;
/** … twice as fast at this distance, as a share of the canvas' width, and ever faster beyond … */
const NEAR_SHARE = 0.01;
/** … but never faster than this, seconds. */
const FAST_S = 0.1;
/** The distance counts as it was over so many seconds: what shakes about the path must not change the pace. */
const PACE_S = 0.2;
/** A second follower behind the first rounds its corners off, seconds. */
const ROUND_S = 0.12;
/** No corner of what is shown is further from the path, share of the canvas' width: it would leave its canvas. */
const LIMIT_SHARE = 0.05;

/**
 * Takes the shake out of the way that content goes over the canvas, without looking ahead: two followers in a row,
 * each always between where it was and what it follows. So nothing is ever shown outside the range that the path has
 * been in: a step or a pan is followed without overshoot.
 */
export class CanvasPath {
  readonly #canvas: Size;
  /** Where the two followers are beside the path, at the corners of the canvas; pixels. */
  #first: Float64Array = new Float64Array(8);
  #second: Float64Array = new Float64Array(8);
  #distancePx = 0;

  constructor(canvas: Size) {
    this.#canvas = canvas;
  }

  /**
   * Goes one picture on.
   * @param step where content went on the canvas since the last picture
   * @param sinceS seconds since then
   * @returns shown ← drawn by the path, canvas pixels
   */
  next(step: Homography, sinceS: number): Homography {
    this.move(step);
    this.#distancePx += share(sinceS, PACE_S) * (longest(this.#first) - this.#distancePx);
    const away = this.#distancePx / (NEAR_SHARE * this.#canvas.widthPx);
    const kept = 1 - share(sinceS, Math.max(FAST_S, SLOW_S / (1 + away * away)));
    this.#first = this.#first.map((value) => kept * value);
    const nearer = share(sinceS, ROUND_S);
    this.#second = this.#second.map((value, index) => value + nearer * (this.#first[index]! - value));
    return this.#map(this.#second);
  }

  /** The path itself was found to be elsewhere: what is shown stays, and goes there in time. @param step content's way */
  move(step: Homography): void {
    const back = invert(step);
    const limitPx = LIMIT_SHARE * this.#canvas.widthPx;
    this.#first = limited(this.#after(this.#first, back), limitPx);
    this.#second = limited(this.#after(this.#second, back), limitPx);
  }

  #map(offsets: Float64Array): Homography {
    const corners = viewCorners(this.#canvas);
    return homographyFromCorners(
      corners,
      corners.map((value, index) => value + offsets[index]!),
    );
  }

  #after(offsets: Float64Array, back: Homography): Float64Array {
    return cornerOffsets(multiply(this.#map(offsets), back), this.#canvas);
  }
}

/** Part of a way that a follower goes in a time. */
function share(sinceS: number, constantS: number): number {
  return 1 - Math.exp(-sinceS / constantS);
}

/** The way of the corner that goes furthest: a turn or a zoom about the middle moves the corners apart, not their mean. */
function longest(offsets: Float64Array): number {
  let most = 0;
  for (let at = 0; at < offsets.length; at += 2) most = Math.max(most, Math.hypot(offsets[at]!, offsets[at + 1]!));
  return most;
}

/** Shortened together when the longest is too long. */
function limited(offsets: Float64Array, limitPx: number): Float64Array {
  const factor = Math.min(1, limitPx / longest(offsets));
  return factor < 1 ? offsets.map((value) => factor * value) : offsets;
}
