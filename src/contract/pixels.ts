/** Which of the two inputs: 0 is `url1`, the reference; 1 is `url2`, the target. */
export type CameraIndex = 0 | 1;

/** Width and height in whole pixels. */
export interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Bytes of an I420 picture (Y, then U and V at half size, stride = width). Both sides must be even. */
export function i420Bytes(size: Size): number {
  return (size.widthPx * size.heightPx * 3) / 2;
}
