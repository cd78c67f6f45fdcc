import type { PlaneMeshes } from '../geometry/mid-plane.ts';

/** Anchors of a still pair that are averaged at most: later ones weigh 1/40. */
const MAX_EVIDENCE = 40;
/** An anchor this far from a still alignment, as a share of the width, needs a second one that agrees with it. */
const OUTLIER_SHARE = 0.015;
/** Two first anchors agree when they differ by less than this share of the width. */
const AGREES_SHARE = 0.012;
/** Seconds in which an anchor takes over while a camera moves. */
const MOVING_TAKEOVER_S = 0.15;
/** Seconds in which a difference is given in: while a camera moves, and a large one of still cameras. */
const MOVING_GLIDE_S = 0.1;
const GLIDE_S = 0.25;
/** How fast a still picture may change, in widths of the reference per second: 2.5 px/s of 1280, 0.1 px a frame at 25 fps. */
const STILL_SPEED = 2.5 / 1280;

/** Adds `share` times the way from `from` to `to`. */
function toward(from: Float64Array, to: Float64Array, share: number): Float64Array {
  return from.map((value, index) => value + share * (to[index]! - value));
}

/** Median distance of corresponding points of two meshes of one view, pixels. */
function distance(a: Float64Array, b: Float64Array): number {
  const distances = new Float64Array(a.length / 2);
  for (let at = 0; at < a.length; at += 2) distances[at / 2] = Math.hypot(a[at]! - b[at]!, a[at + 1]! - b[at + 1]!);
  return distances.toSorted()[distances.length >> 1]!;
}

/** Median distance of the meshes of both views, pixels. */
export function meshDistance(a: PlaneMeshes, b: PlaneMeshes): number {
  return Math.max(distance(a.reference, b.reference), distance(a.target, b.target));
}

/**
 * Combines what the networks say of a pair over time. One comparison is weak evidence: for still cameras all are
 * averaged and the picture follows the average more slowly than an eye sees; while a camera moves, the transported
 * meshes are pulled to each new comparison within a third of a second.
 */
export class AnchorFilter {
  readonly #widthPx: number;
  readonly #needsAgreement: boolean;
  #shown: PlaneMeshes | undefined;
  #goal: PlaneMeshes | undefined;
  #candidate: PlaneMeshes | undefined;
  #evidence = 0;
  #isGliding = false;

  /**
   * @param widthPx of the reference view
   * @param needsAgreement a first alignment, and one far from a still one, counts only when a second agrees
   */
  constructor(widthPx: number, needsAgreement: boolean) {
    this.#widthPx = widthPx;
    this.#needsAgreement = needsAgreement;
  }

  /** The alignment to show, or undefined before two anchors agreed. */
  get shown(): PlaneMeshes | undefined {
    return this.#shown;
  }

  /** The alignment that is carried along with the cameras: what is shown, or what waits for a second anchor. */
  get carried(): PlaneMeshes | undefined {
    return this.#shown ?? this.#candidate;
  }

  /** True when the last anchor waits for a second one: ask for it at once. */
  get isWaiting(): boolean {
    return this.#candidate !== undefined;
  }

  /** Forgets everything. */
  reset(): void {
    this.#shown = undefined;
    this.#goal = undefined;
    this.#candidate = undefined;
    this.#evidence = 0;
    this.#isGliding = false;
  }

  /** All meshes were carried on by the cameras' own motion; what was averaged over still pictures counts less now. */
  transport(carry: (meshes: PlaneMeshes) => PlaneMeshes): void {
    if (this.#shown !== undefined) this.#shown = carry(this.#shown);
    if (this.#goal !== undefined) this.#goal = carry(this.#goal);
    if (this.#candidate !== undefined) this.#candidate = carry(this.#candidate);
    this.#evidence = Math.min(this.#evidence, 1);
  }

  /**
   * Takes a new comparison in.
   * @param isStill neither camera moved since the last one
   * @param sinceS seconds since the last one
   */
  anchor(meshes: PlaneMeshes, isStill: boolean, sinceS: number): void {
    if (this.#shown === undefined || this.#goal === undefined) {
      this.#accept(meshes, AGREES_SHARE);
      return;
    }
    if (isStill && this.#evidence > 1 && meshDistance(meshes, this.#goal) > OUTLIER_SHARE * this.#widthPx) {
      this.#accept(meshes, OUTLIER_SHARE);
      return;
    }
    this.#candidate = undefined;
    this.#evidence = Math.min(this.#evidence + 1, MAX_EVIDENCE);
    const share = isStill
      ? 1 / this.#evidence
      : Math.max(1 / this.#evidence, 1 - Math.exp(-sinceS / MOVING_TAKEOVER_S));
    this.#goal = {
      reference: toward(this.#goal.reference, meshes.reference, share),
      target: toward(this.#goal.target, meshes.target, share),
    };
  }

  /**
   * A jump: the shown alignment is worth nothing, the next anchor replaces it. One that waits for a second is kept: on one
   * mount cameras that both turn away have the same alignment before and after.
   */
  jump(): void {
    this.#goal = undefined;
    this.#evidence = 0;
  }

  #accept(meshes: PlaneMeshes, agreesShare: number): void {
    const agrees =
      !this.#needsAgreement ||
      (this.#candidate !== undefined && meshDistance(meshes, this.#candidate) < agreesShare * this.#widthPx);
    if (!agrees) {
      this.#candidate = meshes;
      return;
    }
    const mean = this.#candidate ?? meshes;
    this.#goal = {
      reference: toward(mean.reference, meshes.reference, 0.5),
      target: toward(mean.target, meshes.target, 0.5),
    };
    this.#candidate = undefined;
    this.#evidence = 2;
    this.#isGliding = this.#shown !== undefined;
    this.#shown ??= this.#goal;
  }

  /**
   * Gives in a part of the difference between what is shown and what is known.
   * @param sinceS seconds since the last call
   */
  advance(isStill: boolean, sinceS: number): void {
    if (this.#shown === undefined || this.#goal === undefined) return;
    const farthest = Math.max(
      farthestOf(this.#shown.reference, this.#goal.reference),
      farthestOf(this.#shown.target, this.#goal.target),
    );
    if (farthest === 0) return;
    let share = 1 - Math.exp(-sinceS / (isStill ? GLIDE_S : MOVING_GLIDE_S));
    // Until the glide is no faster than a still picture may change.
    if (this.#isGliding) this.#isGliding = farthest > STILL_SPEED * this.#widthPx * GLIDE_S;
    else if (isStill) share = Math.min(share, (STILL_SPEED * this.#widthPx * sinceS) / farthest);
    this.#shown = {
      reference: toward(this.#shown.reference, this.#goal.reference, share),
      target: toward(this.#shown.target, this.#goal.target, share),
    };
  }
}

function farthestOf(a: Float64Array, b: Float64Array): number {
  let farthest = 0;
  for (let at = 0; at < a.length; at += 2)
    farthest = Math.max(farthest, Math.hypot(a[at]! - b[at]!, a[at + 1]! - b[at + 1]!));
  return farthest;
}
