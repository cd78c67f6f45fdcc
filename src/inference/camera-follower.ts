import type { Size } from '../contract/pixels.ts';
import { cornerOffsets, invert, multiply, pixelHomography, type Homography } from '../geometry/homography.ts';
import { PictureAligner } from './picture-motion.ts';

/** Size at which a camera's pictures are compared. */
export const FOLLOW_SIZE: Size = { widthPx: 240, heightPx: 180 };

/** Pictures whose place is remembered: four seconds at 25 a second, the longest time between two anchors. */
const MAX_PLACES = 100;
/** A picture that lies further from the key than this, as a share of the width, becomes the key itself … */
const REKEY_SHARE = 0.03;
/** … and so does one that comes this long after it, since light and scene change. */
const KEY_US = 5_000_000;
/** With less in common than this the view was lost: pictures of two places reach 0.57, of one place 0.78 and more. */
const LOST_SUPPORT = 0.65;
/** Longest way between two pictures that is believed, share of the width. */
const MAX_STEP_SHARE = 0.06;

const IDENTITY: Homography = Float64Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1]);

interface Place {
  readonly timeUs: number;
  /** Key picture ← this one, normalised. */
  keyFromPicture: Homography;
}

/** Knows how the latest pictures of one camera lie to each other, to a fifth of a pixel of 1280. */
export class CameraFollower {
  readonly #view: Size;
  readonly #aligner = new PictureAligner();
  #places: Place[] = [];
  #keyUs = 0;

  constructor(view: Size) {
    this.#view = view;
  }

  /** Forgets all pictures. */
  reset(): void {
    this.#places = [];
  }

  /** True when this picture was seen and is remembered. */
  knows(timeUs: number): boolean {
    return this.#places.some((place) => place.timeUs === timeUs);
  }

  /** Takes a picture in. @param luma 0 … 255 of `FOLLOW_SIZE`, not kept */
  see(luma: Float32Array, timeUs: number): void {
    const { widthPx, heightPx } = FOLLOW_SIZE;
    const last = this.#places.at(-1);
    if (last === undefined) {
      this.#takeAsKey(luma, timeUs);
      this.#remember(timeUs, IDENTITY);
      return;
    }
    const found = this.#aligner.align(luma, widthPx, heightPx, invert(last.keyFromPicture));
    const keyFromPicture = found === undefined ? undefined : invert(found.nowFromKey);
    if (
      keyFromPicture === undefined ||
      found!.support < LOST_SUPPORT ||
      this.#share(multiply(invert(last.keyFromPicture), keyFromPicture)) > MAX_STEP_SHARE
    ) {
      this.#places = [];
      this.#takeAsKey(luma, timeUs);
      this.#remember(timeUs, IDENTITY);
      return;
    }
    this.#remember(timeUs, keyFromPicture);
    if (this.#share(keyFromPicture) < REKEY_SHARE && timeUs - this.#keyUs < KEY_US) return;
    for (const place of this.#places) place.keyFromPicture = multiply(found!.nowFromKey, place.keyFromPicture);
    this.#takeAsKey(luma, timeUs);
  }

  /** From a picture's pixels to where the same content lay in an older one, or undefined when one was not seen. */
  motion(olderUs: number, newerUs: number): Homography | undefined {
    const older = this.#places.find(({ timeUs }) => timeUs === olderUs);
    const newer = this.#places.find(({ timeUs }) => timeUs === newerUs);
    if (older === undefined || newer === undefined) return undefined;
    const olderFromNewer = multiply(invert(older.keyFromPicture), newer.keyFromPicture);
    return pixelHomography(olderFromNewer, this.#view, this.#view, FOLLOW_SIZE);
  }

  #takeAsKey(luma: Float32Array, timeUs: number): void {
    this.#aligner.setKey(luma, FOLLOW_SIZE.widthPx, FOLLOW_SIZE.heightPx);
    this.#keyUs = timeUs;
  }

  #remember(timeUs: number, keyFromPicture: Homography): void {
    this.#places.push({ timeUs, keyFromPicture });
    if (this.#places.length > MAX_PLACES) this.#places.shift();
  }

  /** Longest way of a corner, share of the width. */
  #share(normalised: Homography): number {
    const offsets = cornerOffsets(pixelHomography(normalised, this.#view, this.#view, FOLLOW_SIZE), this.#view);
    let longest = 0;
    for (let at = 0; at < 8; at += 2) longest = Math.max(longest, Math.hypot(offsets[at]!, offsets[at + 1]!));
    return longest / this.#view.widthPx;
  }
}
