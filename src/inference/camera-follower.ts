import type { Size } from '../contract/pixels.ts';
import { cornerOffsets, IDENTITY, invert, multiply, pixelHomography, type Homography } from '../geometry/homography.ts';
import { CameraMotionGauge, hasMoved } from './camera-motion.ts';
import { PictureAligner } from './picture-motion.ts';

/** Size at which a camera's pictures are compared. */
export const FOLLOW_SIZE: Size = { widthPx: 240, heightPx: 180 };

/** A picture's place is remembered for so long: anchors lie up to four seconds apart … */
const REMEMBERED_US = 4_500_000;
/** … at sixty pictures a second and more; should a clock have been set back, no more than this. */
const MAX_PLACES = 600;
/** A picture that lies further from the key than this, as a share of the width, becomes the key itself … */
const REKEY_SHARE = 0.03;
/** … and so does one that comes this long after it, since light and scene change. */
const KEY_US = 5_000_000;
/** With less in common than this the view was lost: pictures of two places reach 0.50, of one place 0.59 and more. */
const LOST_SUPPORT = 0.55;
/** Longest way between two pictures that is believed, share of the width. */
const MAX_STEP_SHARE = 0.06;
/** A motion that explains less of the picture than this is none of the camera alone: near things pass it … */
const NO_TRUST_SUPPORT = 0.79;
/** … and from this on it is trusted: turning cameras reach 0.93. */
const FULL_TRUST_SUPPORT = 0.82;
/** Part that one picture has in what is thought of the next. */
const SUPPORT_SHARE = 0.15;

/** Side of the blocks over which pictures of a camera that stands still are averaged for the cheap test. */
const WATCH_BLOCK = 4;
/** A still camera has moved when corners of its view went this far, share of the width: 0.5 px of 1280. */
const MOVED_SHARE = 0.2 / 480;
/** A shorter way than this, 1.5 px of 1280, counts when the next picture shows it again: noise does not. */
const SURE_SHARE = 3 * MOVED_SHARE;
/** Again means: elsewhere by less than this part of the way. */
const SAME_PART = 0.5;
/** So much of its view must agree with that. */
const MOST_REGIONS = 0.6;
/** The picture that a still camera is compared with is renewed this often, since light and scene change. */
const RENEW_US = 2_000_000;

interface Place {
  readonly timeUs: number;
  /** Key picture ← this one, normalised. */
  keyFromPicture: Homography;
  /** How well that explains the picture, 0 … 1. */
  readonly trust: number;
}

/**
 * Knows how the latest pictures of one camera lie to each other, to a fifth of a pixel of 1280. A camera that stands
 * still is only watched, at a tenth of the cost: all its pictures have one place.
 */
export class CameraFollower {
  readonly #view: Size;
  readonly #aligner = new PictureAligner();
  readonly #gauge = new CameraMotionGauge(FOLLOW_SIZE.widthPx, FOLLOW_SIZE.heightPx, WATCH_BLOCK);
  /** What a still camera saw, and when it was taken. */
  readonly #still = new Float32Array(FOLLOW_SIZE.widthPx * FOLLOW_SIZE.heightPx);
  #stillUs = 0;
  #isWatched = false;
  /** Where the last picture of a still camera seemed to lie, when that was elsewhere but not surely so. */
  #suspected: Homography | undefined;
  #places: Place[] = [];
  #keyUs = 0;
  #support = 1;
  #trust = 1;

  constructor(view: Size) {
    this.#view = view;
  }

  /** True when this picture was seen and is remembered. */
  knows(timeUs: number): boolean {
    return this.#places.some((place) => place.timeUs === timeUs);
  }

  /**
   * Takes a picture of a camera in that stood still until now.
   * @param luma 0 … 255 of `FOLLOW_SIZE`, not kept
   * @returns true when it has moved: `see` its next pictures
   */
  watch(luma: Float32Array, timeUs: number): boolean {
    const place = this.#places.at(-1)?.keyFromPicture;
    if (place === undefined || !this.#isWatched) {
      this.see(luma, timeUs);
      this.#keepStill(luma, timeUs);
      return false;
    }
    const compared = this.#gauge.compare(luma);
    if (!hasMoved(compared, MOVED_SHARE * FOLLOW_SIZE.widthPx)) {
      this.#suspected = undefined;
      this.#remember(timeUs, place);
      const isAlike = compared.cornerPx < (MOVED_SHARE / 2) * FOLLOW_SIZE.widthPx;
      if (isAlike && timeUs - this.#stillUs > RENEW_US) this.#keepStill(luma, timeUs);
      return false;
    }
    this.#takeStillAsKey();
    const found = this.#find(luma);
    if (found === undefined) {
      // Covered for a moment, or turned away: nothing is said of it until it has been so for long.
      if (timeUs - this.#stillUs > RENEW_US) {
        this.#forget(luma, timeUs);
        this.#keepStill(luma, timeUs);
      }
      return false;
    }
    // The cheap test takes a lorry or a crowd for a motion of the camera now and then.
    this.#isWatched = !this.#isSure(found) || this.#aligner.agreeingShare(IDENTITY) < MOST_REGIONS;
    if (this.#isWatched) this.#remember(timeUs, this.#places.at(-1)!.keyFromPicture);
    else this.#settle(found, luma, timeUs);
    return !this.#isWatched;
  }

  #keepStill(luma: Float32Array, timeUs: number): void {
    this.#suspected = undefined;
    this.#still.set(luma);
    this.#stillUs = timeUs;
    this.#gauge.remember(luma);
    this.#isWatched = true;
  }

  /** Takes a picture in. @param luma 0 … 255 of `FOLLOW_SIZE`, not kept */
  see(luma: Float32Array, timeUs: number): void {
    if (this.#isWatched) this.#takeStillAsKey();
    this.#isWatched = false;
    const found = this.#find(luma);
    if (found === undefined) this.#forget(luma, timeUs);
    else this.#settle(found, luma, timeUs);
  }

  /** Key picture ← this one, or undefined when it has too little in common with the last ones. */
  #find(luma: Float32Array): Homography | undefined {
    const last = this.#places.at(-1);
    if (last === undefined) return undefined;
    const { widthPx, heightPx } = FOLLOW_SIZE;
    const found = this.#aligner.align(luma, widthPx, heightPx, invert(last.keyFromPicture));
    if (found === undefined || found.support < LOST_SUPPORT) return undefined;
    this.#support += SUPPORT_SHARE * (found.support - this.#support);
    this.#trust = Math.min(
      1,
      Math.max(0, (this.#support - NO_TRUST_SUPPORT) / (FULL_TRUST_SUPPORT - NO_TRUST_SUPPORT)),
    );
    const keyFromPicture = invert(found.nowFromKey);
    const step = multiply(invert(last.keyFromPicture), keyFromPicture);
    return this.#share(step) > MAX_STEP_SHARE ? undefined : keyFromPicture;
  }

  /** Remembers a picture's place; one that lies far from the key becomes the key itself. */
  #settle(keyFromPicture: Homography, luma: Float32Array, timeUs: number): void {
    this.#remember(timeUs, keyFromPicture);
    if (this.#share(keyFromPicture) < REKEY_SHARE && timeUs - this.#keyUs < KEY_US) return;
    const pictureFromKey = invert(keyFromPicture);
    for (const place of this.#places) place.keyFromPicture = multiply(pictureFromKey, place.keyFromPicture);
    this.#takeAsKey(luma, timeUs);
  }

  /** Begins anew with a picture. */
  #forget(luma: Float32Array, timeUs: number): void {
    this.#places = [];
    this.#takeAsKey(luma, timeUs);
    this.#remember(timeUs, IDENTITY);
  }

  /** From a picture's pixels to where the same content lay in an older one, or undefined when one was not seen. */
  motion(olderUs: number, newerUs: number): Homography | undefined {
    const older = this.#places.find(({ timeUs }) => timeUs === olderUs);
    const newer = this.#places.find(({ timeUs }) => timeUs === newerUs);
    if (older === undefined || newer === undefined) return undefined;
    if (older.keyFromPicture === newer.keyFromPicture) return IDENTITY;
    const olderFromNewer = multiply(invert(older.keyFromPicture), newer.keyFromPicture);
    return pixelHomography(olderFromNewer, this.#view, this.#view, FOLLOW_SIZE);
  }

  /** The last picture of a camera that is no longer still becomes the key; all pictures since lie where it does. */
  #takeStillAsKey(): void {
    const place = this.#places.at(-1)?.keyFromPicture;
    if (place === undefined || (this.#keyUs === this.#stillUs && place === IDENTITY)) return;
    const stillFromKey = invert(place);
    for (const each of this.#places) {
      each.keyFromPicture = each.keyFromPicture === place ? IDENTITY : multiply(stillFromKey, each.keyFromPicture);
    }
    this.#takeAsKey(this.#still, this.#stillUs);
  }

  /** How far a motion between two pictures may be believed in detail, 0 … 1: less where near things pass the camera. */
  trust(olderUs: number, newerUs: number): number {
    return Math.min(
      ...this.#places.filter(({ timeUs }) => timeUs === olderUs || timeUs === newerUs).map((place) => place.trust),
    );
  }

  #takeAsKey(luma: Float32Array, timeUs: number): void {
    this.#aligner.setKey(luma, FOLLOW_SIZE.widthPx, FOLLOW_SIZE.heightPx);
    this.#keyUs = timeUs;
  }

  #remember(timeUs: number, keyFromPicture: Homography): void {
    this.#places.push({ timeUs, keyFromPicture, trust: keyFromPicture === IDENTITY ? 1 : this.#trust });
    while (timeUs - this.#places[0]!.timeUs > REMEMBERED_US || this.#places.length > MAX_PLACES) this.#places.shift();
  }

  /** Longest way of a corner, share of the width. */
  #share(normalised: Homography): number {
    return this.#cornerWays(normalised)[3]!;
  }

  /**
   * True when a motion that was measured is one. A camera that shakes, turns, rolls or zooms takes all corners along, and
   * stays where it went. What is measured of one that stands still before little texture moves one corner or two (in
   * clips of fixed cameras by 0.13 px of 240, while the median of the four stays below 0.095), each time elsewhere.
   */
  #isSure(keyFromPicture: Homography): boolean {
    const before = this.#suspected;
    this.#suspected = undefined;
    const way = this.#medianShare(keyFromPicture);
    if (way < MOVED_SHARE) return false;
    if (way > SURE_SHARE) return true;
    this.#suspected = keyFromPicture;
    return before !== undefined && this.#medianShare(multiply(invert(before), keyFromPicture)) < SAME_PART * way;
  }

  /** Median way of a corner, share of the width. */
  #medianShare(normalised: Homography): number {
    const ways = this.#cornerWays(normalised);
    return (ways[1]! + ways[2]!) / 2;
  }

  /** Ways of the corners of the view, the shortest first, shares of the width. */
  #cornerWays(normalised: Homography): number[] {
    const offsets = cornerOffsets(pixelHomography(normalised, this.#view, this.#view, FOLLOW_SIZE), this.#view);
    return [0, 2, 4, 6]
      .map((at) => Math.hypot(offsets[at]!, offsets[at + 1]!) / this.#view.widthPx)
      .toSorted((a, b) => a - b);
  }
}
