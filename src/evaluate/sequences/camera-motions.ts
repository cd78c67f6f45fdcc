import type { Size } from '../../contract/pixels.ts';
import { IDENTITY, invert, pixelHomography, type Homography } from '../../geometry/homography.ts';
import { PictureAligner } from '../../inference/picture-motion.ts';
import { clipPictures } from './clip-pictures.ts';

/** Size at which pictures are compared: finer than what the product itself follows cameras with. */
const SIZE: Size = { widthPx: 480, heightPx: 360 };

/** Older ← newer picture for each picture of a video from the second on, pixels of `view`. */
export async function cameraMotions(ffmpeg: string, path: string, view: Size): Promise<Homography[]> {
  const motions: Homography[] = [];
  const aligner = new PictureAligner();
  let isFirst = true;
  for await (const picture of clipPictures(ffmpeg, path, SIZE, 'gray')) {
    const luma = Float32Array.from(picture);
    if (!isFirst) {
      const found = aligner.align(luma, SIZE.widthPx, SIZE.heightPx);
      motions.push(found === undefined ? IDENTITY : pixelHomography(invert(found.nowFromKey), view, view, SIZE));
    }
    isFirst = false;
    aligner.setKey(luma, SIZE.widthPx, SIZE.heightPx);
  }
  return motions;
}
