import type { Clock } from '../common/clock.ts';
import type { PipelineStatus } from '../contract/job-messages.ts';
import type { CanvasGeometry, GeometryOrigin } from '../contract/warp-state.ts';
import type { ViewSizes } from '../geometry/canvas.ts';
import { RateMeter } from './stage-delays.ts';

/** A geometry that no pair has confirmed for this long counts as held. */
const HELD_AFTER_US = 5_000_000;

/** The same geometry for views of another size: control points are told in pixels of the canvas. */
export function forViews(geometry: CanvasGeometry, views: ViewSizes): CanvasGeometry {
  return { ...geometry, referenceView: views.reference, targetView: views.target };
}

/** What the job says about its geometry: which one is shown, since when nothing confirmed it, and why. */
export class GeometryState {
  readonly #clock: Clock;
  readonly #rate = new RateMeter();
  readonly #networkMs: Record<string, number> = {};
  #shown: CanvasGeometry | undefined;
  #confirmedUs = 0;
  #confidence = 0;
  /** Why what a user fixed is not shown; empty when it is, or nothing is fixed. */
  #refusal = '';
  #reason = 'no pair of pictures was compared yet';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get shown(): CanvasGeometry | undefined {
    return this.#shown;
  }

  /** A geometry went to the composer. */
  show(geometry: CanvasGeometry): void {
    this.#shown = geometry;
    if (geometry.origin === 'side-by-side') return;
    const nowUs = this.#clock.nowUs();
    this.#confirmedUs = nowUs;
    this.#confidence = geometry.confidence;
    this.#reason = '';
    this.#rate.note(nowUs);
  }

  /** The views have another working size; the same geometry is shown. @returns it, for those views */
  resize(views: ViewSizes): CanvasGeometry | undefined {
    if (this.#shown === undefined) return undefined;
    this.#shown = forViews(this.#shown, views);
    return this.#shown;
  }

  /**
   * The cameras exchanged their views: an alignment holds for them when the meshes are exchanged as well. What a user
   * fixed and views beside each other belong to the places, and stay.
   * @returns what is to be shown now, when it is another geometry
   */
  exchange(): CanvasGeometry | undefined {
    const shown = this.#shown;
    if (shown?.origin !== 'network') return undefined;
    const { reference, target, rawReference, rawTarget } = shown;
    const meshes = { reference: target, target: reference, rawReference: rawTarget, rawTarget: rawReference };
    this.#shown = { ...shown, ...meshes };
    return this.#shown;
  }

  /** What a user fixed cannot be shown, in plain words; empty: it can, or is no longer wanted. */
  refuse(refusal: string): void {
    this.#refusal = refusal;
  }

  /** The networks gave nothing usable for a pair. */
  reject(confidence: number, reason: string): void {
    this.#confidence = confidence;
    this.#reason = reason;
  }

  /** Time of each network that ran, ms. */
  noteNetworks(networkMs: Readonly<Record<string, number>>): void {
    Object.assign(this.#networkMs, networkMs);
  }

  get origin(): GeometryOrigin {
    const origin = this.#shown?.origin ?? 'side-by-side';
    return origin === 'network' && this.#clock.nowUs() - this.#confirmedUs > HELD_AFTER_US ? 'held' : origin;
  }

  summary(): PipelineStatus['geometry'] {
    return {
      origin: this.origin,
      version: this.#shown?.version ?? 0,
      confidence: this.#confidence,
      overlap: this.#shown?.overlap ?? 0,
      rate: this.#rate.perSecond(this.#clock.nowUs()),
      grid: this.#shown?.grid,
      reason: this.origin === 'network' || this.origin === 'manual' ? '' : this.#refusal || this.#reason,
      networkMs: { ...this.#networkMs },
    };
  }
}
