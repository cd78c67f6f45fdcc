import { join } from 'node:path';
import { SeamlineError } from '../common/seamline-error.ts';
import { blendAverage, blendLinear } from './original-blend.ts';
import { originalCanvas } from './original-canvas.ts';
import { warpView } from './original-warp.ts';
import { difference, type CheckedRun, type Comparison } from './fixture-check.ts';
import { framePath, type ExpectedImage, type Fixture } from './fixture.ts';
import { readPicture } from './picture.ts';

/**
 * Draws the panoramas that a fixture lists, as the published script does, and compares them.
 * @param isHalf of a float16 bundle: no limit holds
 */
export async function compareImages(
  run: CheckedRun,
  fixture: Fixture,
  isHalf: boolean,
  ffmpeg: string,
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const image of fixture.images) comparisons.push(await compareImage(run, fixture, image, isHalf, ffmpeg));
  return comparisons;
}

async function compareImage(
  run: CheckedRun,
  fixture: Fixture,
  image: ExpectedImage,
  isHalf: boolean,
  ffmpeg: string,
): Promise<Comparison> {
  const canvas = originalCanvas(run.finals);
  const meshes = run.finals[image.frame];
  if (meshes === undefined)
    throw new SeamlineError('file-unreadable', `${image.file} is of a frame that does not exist`);
  const expected = await readPicture(ffmpeg, join(fixture.folder, 'expected', image.file));
  const limit = isHalf ? undefined : image.limitMeanAbs;
  if (expected.widthPx !== canvas.widthPx || expected.heightPx !== canvas.heightPx) {
    const fault = `is ${expected.widthPx}×${expected.heightPx}, the canvas is ${canvas.widthPx}×${canvas.heightPx}`;
    return { name: image.file, largest: NaN, mean: NaN, measured: NaN, limit, fault };
  }
  const [reference, target] = await Promise.all([
    readPicture(ffmpeg, framePath(fixture, 1, image.frame)),
    readPicture(ffmpeg, framePath(fixture, 2, image.frame)),
  ]);
  const one = warpView(reference, meshes.reference, run.rigid, canvas);
  const two = warpView(target, meshes.target, run.rigid, canvas);
  const drawn =
    image.blend === 'average' ? blendAverage(one, two) : blendLinear(one, two, canvas.widthPx, canvas.heightPx);
  const found = difference(drawn, expected.rgb);
  return { name: image.file, limit, ...found, measured: found.mean };
}
