import type { BundleManifest } from '../contract/bundle-manifest.ts';
import type { Size } from '../contract/pixels.ts';
import type { ViewRef } from '../contract/worker-messages.ts';
import { Kernels } from '../kernels/index.ts';

/** No view is wider; the scaling kernel's working space grows with it. */
const WIDEST_VIEW: Size = { widthPx: 8192, heightPx: 8192 };
const ALIGNMENT_BYTES = 256;
/** Cameras of this height and more send the colours of BT.709, smaller ones those of BT.601, unless they say so. */
const BT709_HEIGHT_PX = 720;

type Input = BundleManifest['input'];

/** Room for one view scaled as a bundle takes it, with the kernel's working space; a multiple of 256. */
export function scaledBytes(input: Input): number {
  const size = { widthPx: input.width, heightPx: input.height };
  const bytes = input.pixels === 'luma' ? Kernels.lumaBytes(WIDEST_VIEW, size) : 12 * input.width * input.height;
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

/**
 * Scales a view to the networks' size and pixel format.
 * @param targetOffset `scaledBytes` bytes of the kernels' memory
 */
export function scaleView(kernels: Kernels, view: ViewRef, targetOffset: number, input: Input): void {
  const size = { widthPx: input.width, heightPx: input.height };
  if (input.pixels === 'luma') {
    kernels.scaleLuma(view.byteOffset, view.size, targetOffset, size);
    return;
  }
  kernels.scaleRgb(view.byteOffset, view.size, targetOffset, size, {
    order: input.pixels,
    matrix: view.size.heightPx >= BT709_HEIGHT_PX ? 'bt709' : 'bt601',
    mean: input.mean,
    divisor: input.scale,
  });
}
