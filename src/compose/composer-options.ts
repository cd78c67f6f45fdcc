import type { SharedMemoryPlan } from '../contract/memory-plan.ts';
import type { Size } from '../contract/pixels.ts';

/** Width over which one view fades into the other when the overlap is wider, canvas pixels (docs/adr/0002). */
export const DEFAULT_FEATHER_PX = 192;

/** What a composer is made for; none of it changes later. */
export interface ComposerOptions {
  readonly memory: SharedMemoryPlan;
  /** From compileKernels. */
  readonly kernels: WebAssembly.Module;
  /** Sides divisible by 16. */
  readonly canvas: Size;
  /** Even sides; the views may differ in size. */
  readonly views: { readonly reference: Size; readonly target: Size };
  /** Strip workers, 1 … 16. */
  readonly workers: number;
  /** Canvases of the ring: one being drawn, the others held by readers. */
  readonly canvases: number;
  readonly featherPx?: number;
}

/** The largest sides that the grids' fixed point and the memory's guards allow, pixels. */
const MAX_VIEW_PX = 4096;

/** @throws RangeError that says what is wrong */
export function checkOptions({ views, workers, canvases, featherPx }: ComposerOptions): void {
  for (const { widthPx, heightPx } of [views.reference, views.target]) {
    const sides = [widthPx, heightPx];
    if (!sides.every((side) => Number.isInteger(side) && side >= 16 && side <= MAX_VIEW_PX && side % 2 === 0)) {
      throw new RangeError(`a view has even sides of 16 to ${MAX_VIEW_PX} px, not ${widthPx} × ${heightPx}`);
    }
  }
  if (!(Number.isInteger(workers) && workers >= 1 && workers <= 16)) throw new RangeError('1 to 16 compose workers');
  if (!(Number.isInteger(canvases) && canvases >= 2)) throw new RangeError('at least 2 canvases');
  if (featherPx !== undefined && !(featherPx >= 1)) throw new RangeError('the fade is at least 1 px wide');
}
