import type { Clock } from '../common/clock.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import type { Fill } from '../contract/job-spec.ts';
import type { Size } from '../contract/pixels.ts';
import type { CanvasGeometry, ManualGeometry, PlaneGeometry } from '../contract/warp-state.ts';
import {
  type CanvasOptions,
  type CanvasPlan,
  fitsCanvas,
  planCanvas,
  toCanvas,
  type ViewSizes,
} from '../geometry/canvas.ts';
import { manualGeometry } from '../geometry/manual-geometry.ts';
import { sideBySidePlane } from '../geometry/side-by-side.ts';

/** Room for movement around the first geometry, share of its width and height. */
const MARGIN_SHARE = 0.02;
/** A geometry this far outside the canvas, as a share of the canvas' width, asks for a new plan … */
const OUTSIDE_SHARE = 0.05;
/** … when it stays so for this long (architecture.md, section 4). */
const REPLAN_AFTER_US = 5_000_000;

/** A geometry for the composer and whether the mapping to the canvas changed with it. */
export interface PlacedGeometry {
  readonly geometry: CanvasGeometry;
  readonly isReplanned: boolean;
}

/**
 * Places geometries on the canvas. The first one decides the size of the output, which stays for the life of the
 * job; later plans change only the mapping inside it.
 */
export class CanvasKeeper {
  #views: ViewSizes;
  readonly #clock: Clock;
  #options: CanvasOptions;
  #plan: CanvasPlan | undefined;
  #isPlannedForNetwork = false;
  #version = 0;
  #outsideSinceUs: number | undefined;

  constructor(views: ViewSizes, options: Omit<CanvasOptions, 'marginShare'>, clock: Clock) {
    this.#views = views;
    this.#options = { ...options, marginShare: MARGIN_SHARE };
    this.#clock = clock;
  }

  /** Size of the output, once the first geometry was placed. */
  get size(): Size | undefined {
    return this.#plan?.size;
  }

  /** Both views whole beside each other, fitted into the output. */
  sideBySide(): CanvasGeometry {
    const plane = sideBySidePlane(this.#views);
    this.#plan = planCanvas([plane], { ...this.#options, fill: 'black', marginShare: 0 });
    this.#isPlannedForNetwork = false;
    return this.#place(plane, 'side-by-side').geometry;
  }

  /** A geometry of the networks; plans anew when it is the first or has left the canvas for good. */
  network(plane: PlaneGeometry): PlacedGeometry {
    const mustReplan = this.#plan === undefined || !this.#isPlannedForNetwork || this.#hasLeft(plane, this.#plan);
    if (mustReplan) {
      this.#plan = planCanvas([plane], this.#options);
      this.#isPlannedForNetwork = true;
      this.#outsideSinceUs = undefined;
    }
    return this.#place(plane, 'network', mustReplan);
  }

  /** What a user fixed by hand. @throws SeamlineError when it cannot be a geometry of these views */
  manual(manual: ManualGeometry): CanvasGeometry {
    const geometry = this.#byHand(manual);
    this.#version += 1;
    this.#isPlannedForNetwork = false;
    this.#freeze(geometry.canvas);
    return geometry;
  }

  /**
   * What a user fixed before the views were known. When it does not fit them, both beside each other.
   * @returns with the geometry why it is not the wanted one, in plain words, or an empty text
   */
  manualOrSideBySide(manual: ManualGeometry): { readonly geometry: CanvasGeometry; readonly refusal: string } {
    try {
      return { geometry: this.manual(manual), refusal: '' };
    } catch (error) {
      if (!(error instanceof SeamlineError)) throw error;
      const refusal = `what was fixed by hand ${error.errors?.[0]?.message ?? error.message}`;
      return { geometry: this.sideBySide(), refusal };
    }
  }

  /** Changes nothing. @throws SeamlineError when what a user fixed cannot be a geometry of these views */
  check(manual: ManualGeometry): void {
    this.#byHand(manual);
  }

  /** Another fill from the next geometry on; the size stays. */
  setFill(fill: Fill): void {
    this.#options = { ...this.#options, fill };
    this.#isPlannedForNetwork = false;
  }

  /** The views have another working size from now on; the picture stays where it is on the canvas. */
  resize(views: ViewSizes): void {
    const factor = views.reference.widthPx / this.#views.reference.widthPx;
    this.#views = views;
    // Planes are told in pixels of the reference view.
    if (this.#plan !== undefined) this.#plan = { ...this.#plan, scale: this.#plan.scale / factor };
  }

  #byHand(manual: ManualGeometry): CanvasGeometry {
    const grid = { rows: 9, cols: 12 };
    return manualGeometry(manual, this.#views, grid, { ...this.#options, marginShare: 0 }, this.#version + 1);
  }

  #place(plane: PlaneGeometry, origin: 'network' | 'side-by-side', isReplanned = true): PlacedGeometry {
    if (this.#plan === undefined) throw new Error('a canvas must be planned first');
    this.#freeze(this.#plan.size);
    this.#version += 1;
    return { geometry: toCanvas(plane, this.#plan, this.#views, this.#version, origin), isReplanned };
  }

  #freeze(size: Size): void {
    this.#options = { ...this.#options, outputWidthPx: size.widthPx, outputHeightPx: size.heightPx };
  }

  #hasLeft(plane: PlaneGeometry, plan: CanvasPlan): boolean {
    if (this.#options.fill === 'crop' || fitsCanvas(plane, plan, plan.size.widthPx * OUTSIDE_SHARE)) {
      this.#outsideSinceUs = undefined;
      return false;
    }
    const nowUs = this.#clock.nowUs();
    this.#outsideSinceUs ??= nowUs;
    return nowUs - this.#outsideSinceUs > REPLAN_AFTER_US;
  }
}
