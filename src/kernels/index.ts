import type { Size } from '../contract/pixels.ts';
import type { KernelExports } from './exports.ts';

/** How an I420 picture becomes the input of networks that want colour. */
export interface RgbFormat {
  readonly order: 'rgb' | 'bgr';
  /** Colour matrix of the picture, limited range. */
  readonly matrix: 'bt601' | 'bt709';
  /** The result is (value − mean) / divisor, value 0 … 255. */
  readonly mean: number;
  readonly divisor: number;
}

/** Float32 weights of scaleLuma's horizontal pass for each target column, a multiple of 4. */
function taps(source: Size, target: Size): number {
  return (Math.ceil(source.widthPx / target.widthPx) + 1 + 3) & ~3;
}

/** One instance of the kernels over the job's shared memory. Instances of several threads may run at the same time. */
export class Kernels {
  /** The kernels as they are, for callers on the hot path. */
  readonly raw: KernelExports;
  readonly memory: WebAssembly.Memory;

  constructor(raw: KernelExports, memory: WebAssembly.Memory) {
    this.raw = raw;
    this.memory = memory;
  }

  /** Bytes that scaleLuma writes from `targetOffset` on: the picture, then its working space. */
  static lumaBytes(source: Size, target: Size): number {
    const rowBytes = 4 * (source.widthPx + 16 + taps(source, target));
    return 4 * target.widthPx * target.heightPx + rowBytes + 4 * target.widthPx * (taps(source, target) + 1);
  }

  /**
   * Area-averages the Y plane of an I420 picture to float32 grey levels 0 … 255, row by row, squeezed to the target's
   * proportions. Up to 15 bytes behind the plane are read and dropped.
   * @param sourceOffset the picture in the shared memory
   * @param targetOffset `lumaBytes(source, target)` bytes, a multiple of 4; the picture comes first
   * @throws RangeError when the target's width is no multiple of 4
   */
  scaleLuma(sourceOffset: number, source: Size, targetOffset: number, target: Size): void {
    if (target.widthPx % 4 !== 0) throw new RangeError('the target width must be a multiple of 4');
    const scratch = targetOffset + 4 * target.widthPx * target.heightPx;
    this.raw.scaleLuma(
      sourceOffset,
      source.widthPx,
      source.heightPx,
      targetOffset,
      target.widthPx,
      target.heightPx,
      scratch,
    );
  }

  /**
   * Scales an I420 picture to three float32 planes of the target size, bilinear with half-pixel centres.
   * @param targetOffset 12 · width · height bytes, a multiple of 4
   */
  scaleRgb(sourceOffset: number, source: Size, targetOffset: number, target: Size, format: RgbFormat): void {
    this.raw.scaleRgb(
      sourceOffset,
      source.widthPx,
      source.heightPx,
      targetOffset,
      target.widthPx,
      target.heightPx,
      format.order === 'bgr' ? 1 : 0,
      format.matrix === 'bt709' ? 1 : 0,
      format.mean,
      format.divisor,
    );
  }

  /** Whole 16 × 16 blocks of a picture. */
  static blockCount(size: Size): number {
    return (size.widthPx >> 4) * (size.heightPx >> 4);
  }

  /**
   * Sums of the luma of every whole 16 × 16 block, the fingerprint of the still-camera test.
   * @param targetOffset 2 · blockCount bytes, u16 row by row; sum / 256 is the block's mean
   */
  blockSums(sourceOffset: number, size: Size, targetOffset: number): void {
    this.raw.blockSums(sourceOffset, size.widthPx, size.heightPx, targetOffset);
  }

  /**
   * Share of the blocks whose mean changed by more than `levels` grey levels, 0 … 1.
   * @param a,b offsets of two results of blockSums of the same size
   */
  changedShare(a: number, b: number, size: Size, levels: number): number {
    const count = Kernels.blockCount(size);
    return count === 0 ? 0 : this.raw.changedBlocks(a, b, count, Math.round(levels * 256)) / count;
  }
}

/**
 * Instantiates the kernels for this thread.
 * @param memory shared, with the maximum of contract/memory-plan.ts
 * @throws WebAssembly.LinkError when the memory does not fit
 */
export function loadKernels(code: WebAssembly.Module | BufferSource, memory: WebAssembly.Memory): Kernels {
  const module = code instanceof WebAssembly.Module ? code : new WebAssembly.Module(code);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return new Kernels(instance.exports as unknown as KernelExports, memory);
}
