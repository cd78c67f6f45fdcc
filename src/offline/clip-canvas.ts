import type { Fill } from '../contract/job-spec.ts';
import type { PlaneGeometry } from '../contract/warp-state.ts';
import { planCanvas, type CanvasPlan } from '../geometry/canvas.ts';
import { boundsOf, type Bounds } from '../geometry/mesh-sanity.ts';

/** Geometries that differ by less than this count as one, pixels. */
const ALIKE_PX = 0.5;
/** Geometries that a cropped canvas is planned over at most; every second one is dropped beyond it. */
const MAX_KEPT = 256;

/** Sizes asked for. */
export interface ClipCanvasOptions {
  readonly maxWidthPx: number;
  readonly outputWidthPx?: number | undefined;
  readonly outputHeightPx?: number | undefined;
  readonly fill: Fill;
}

/**
 * Plans one canvas for a whole clip while its geometries go by. The bounds of all of them are exact; the rectangle
 * without border is planned over those that differ, evenly thinned out when they are many.
 */
export class ClipCanvas {
  readonly #options: ClipCanvasOptions;
  #bounds: Bounds | undefined;
  #kept: PlaneGeometry[] = [];
  #stride = 1;
  #distinct = 0;

  constructor(options: ClipCanvasOptions) {
    this.#options = options;
  }

  /** True before the first geometry. */
  get isEmpty(): boolean {
    return this.#kept.length === 0;
  }

  add(geometry: PlaneGeometry): void {
    const { left, top, right, bottom } = boundsOf([geometry.reference, geometry.target]);
    const all = this.#bounds ?? { left, top, right, bottom };
    this.#bounds = {
      left: Math.min(all.left, left),
      top: Math.min(all.top, top),
      right: Math.max(all.right, right),
      bottom: Math.max(all.bottom, bottom),
    };
    const last = this.#kept.at(-1);
    if (last !== undefined && isAlike(last, geometry)) return;
    if (this.#distinct % this.#stride === 0) this.#kept.push(geometry);
    this.#distinct += 1;
    if (this.#kept.length <= MAX_KEPT) return;
    this.#kept = this.#kept.filter((_geometry, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  /** @throws Error before the first geometry */
  plan(): CanvasPlan {
    const first = this.#kept[0];
    if (first === undefined || this.#bounds === undefined) throw new Error('there is no geometry to plan for');
    const { left, top, right, bottom } = this.#bounds;
    // One more geometry whose points are the corners of all others: the bounds hold also what was thinned out.
    const frame = { ...first, reference: Float64Array.from([left, top, right, bottom]), target: new Float64Array(0) };
    const planes = this.#options.fill === 'crop' ? this.#kept : [frame];
    return planCanvas(planes, { ...this.#options, marginShare: 0 });
  }
}

function isAlike(a: PlaneGeometry, b: PlaneGeometry): boolean {
  for (const side of ['reference', 'target'] as const) {
    for (const [index, value] of a[side].entries()) if (Math.abs(value - b[side][index]!) > ALIKE_PX) return false;
  }
  return true;
}
