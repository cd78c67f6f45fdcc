import { once } from 'node:events';
import { join } from 'node:path';
import { SeamlineError } from '../../common/seamline-error.ts';
import type { Size } from '../../contract/pixels.ts';
import { apply, invert, multiply, type Homography } from '../../geometry/homography.ts';
import type { Picture } from '../../model-tools/picture.ts';
import { spawnChild } from '../../process/child.ts';
import type { Sequence } from './sequences.ts';

const VIEW: Size = { widthPx: 640, heightPx: 360 };
const FPS = 25;
/** Left edges of the two views in the scene, its size being 1280 × 720: they share 38 % of each. */
const LEFT_X = 125;
const RIGHT_X = 520;
const TOP_Y = 180;
/** Focal length of both cameras, pixels. */
const FOCAL = 700;

/** Where a camera looks: turned by so many pixels in the middle, and about its axis, radians. */
interface Pose {
  readonly x: number;
  readonly y: number;
  readonly roll: number;
}

/** A kind of motion. Time in frames. */
interface Motion {
  readonly name: string;
  readonly frames: number;
  readonly pose: (camera: 0 | 1, t: number) => Pose;
  /** Somebody walks through both views. */
  readonly hasWalker: boolean;
}

const still: Pose = { x: 0, y: 0, roll: 0 };
/** Three waves that do not repeat, of about unit size. */
const wave = (t: number, seed: number): number =>
  (Math.sin(0.37 * t + 2.1 * seed) + Math.sin(0.91 * t + 5.3 * seed) + Math.sin(1.73 * t + 1.7 * seed)) / 1.8;
const shake = (camera: 0 | 1, t: number): Pose => ({
  x: 4 * wave(t, 1 + camera),
  y: 3 * wave(t, 11 + camera),
  roll: 0.003 * wave(t, 23 + camera),
});
const both =
  (pose: (t: number) => Pose): Motion['pose'] =>
  (_camera, t) =>
    pose(t);
const ramp = (t: number, from: number, to: number): number => Math.min(1, Math.max(0, (t - from) / (to - from)));

/** Motions whose truth is known. */
const MOTIONS: readonly Motion[] = [
  { name: 'rendered-still', frames: 120, pose: both(() => still), hasWalker: true },
  { name: 'rendered-shake', frames: 150, pose: shake, hasWalker: true },
  // A knock turns both cameras by 30 px within two frames.
  { name: 'rendered-step', frames: 120, pose: both((t) => ({ ...still, x: 30 * ramp(t, 50, 52) })), hasWalker: false },
  // A knock turns one camera alone.
  {
    name: 'rendered-knock',
    frames: 120,
    pose: (camera, t) => (camera === 0 ? still : { x: 16 * ramp(t, 50, 52), y: 6 * ramp(t, 50, 52), roll: 0 }),
    hasWalker: false,
  },
  { name: 'rendered-pan', frames: 150, pose: both((t) => ({ ...still, x: 80 * ramp(t, 30, 120) })), hasWalker: false },
];

/** View → scene of a camera that turns about itself. */
function sceneFromView(camera: 0 | 1, { x, y, roll }: Pose): Homography {
  const [cx, cy] = [VIEW.widthPx / 2, VIEW.heightPx / 2];
  const [yaw, pitch] = [Math.atan(x / FOCAL), Math.atan(y / FOCAL)];
  const rotation = multiply(
    Float64Array.from([Math.cos(yaw), 0, Math.sin(yaw), 0, 1, 0, -Math.sin(yaw), 0, Math.cos(yaw)]),
    multiply(
      Float64Array.from([1, 0, 0, 0, Math.cos(pitch), Math.sin(pitch), 0, -Math.sin(pitch), Math.cos(pitch)]),
      Float64Array.from([Math.cos(roll), -Math.sin(roll), 0, Math.sin(roll), Math.cos(roll), 0, 0, 0, 1]),
    ),
  );
  const ray = Float64Array.from([1 / FOCAL, 0, -cx / FOCAL, 0, 1 / FOCAL, -cy / FOCAL, 0, 0, 1]);
  const offset = camera === 0 ? LEFT_X : RIGHT_X;
  const onScene = Float64Array.from([FOCAL, 0, cx + offset, 0, FOCAL, cy + TOP_Y, 0, 0, 1]);
  return multiply(onScene, multiply(rotation, ray));
}

/** A number in 0 … 1 that depends on its arguments alone. */
function noise(x: number, y: number, t: number): number {
  let state = Math.imul(x, 374_761_393) ^ Math.imul(y, 668_265_263) ^ Math.imul(t, 974_711);
  state = Math.imul(state ^ (state >>> 13), 1_274_126_177);
  return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32;
}

/** One grey picture of the scene with grain, and with a walker: another part of the scene on its way through. */
function draw(
  scene: Picture,
  grey: Uint8Array,
  view: Homography,
  motion: Motion,
  camera: 0 | 1,
  t: number,
): Uint8Array {
  const picture = new Uint8Array(VIEW.widthPx * VIEW.heightPx);
  const walker = { x: 300 + 5 * t, y: 330, width: 60, height: 150 };
  for (let y = 0; y < VIEW.heightPx; y += 1) {
    for (let x = 0; x < VIEW.widthPx; x += 1) {
      let [sx, sy] = apply(view, x + 0.5, y + 0.5);
      const [wx, wy] = [sx - walker.x, sy - walker.y];
      if (motion.hasWalker && wx >= 0 && wy >= 0 && wx < walker.width && wy < walker.height)
        [sx, sy] = [40 + wx, 40 + wy];
      const value = sample(grey, scene, sx - 0.5, sy - 0.5) + 4 * (noise(x, y, 2 * t + camera) - 0.5);
      picture[y * VIEW.widthPx + x] = Math.min(255, Math.max(0, Math.round(value)));
    }
  }
  return picture;
}

function sample(grey: Uint8Array, { widthPx, heightPx }: Size, x: number, y: number): number {
  const [cx, cy] = [Math.min(widthPx - 1.001, Math.max(0, x)), Math.min(heightPx - 1.001, Math.max(0, y))];
  const [ix, iy] = [Math.floor(cx), Math.floor(cy)];
  const [fx, fy] = [cx - ix, cy - iy];
  const at = iy * widthPx + ix;
  const top = grey[at]! + fx * (grey[at + 1]! - grey[at]!);
  const bottom = grey[at + widthPx]! + fx * (grey[at + widthPx + 1]! - grey[at + widthPx]!);
  return top + fy * (bottom - top);
}

/**
 * Renders sequences with known motion from one picture of 1280 × 720: two cameras that turn before a far scene.
 * @param folder the videos go there
 * @throws SeamlineError `ffmpeg-failed`, or `invalid-request` for a picture of another size
 */
export async function renderSequences(ffmpeg: string, scene: Picture, folder: string): Promise<Sequence[]> {
  if (scene.widthPx !== 1280 || scene.heightPx !== 720)
    throw new SeamlineError('invalid-request', 'the scene must be a picture of 1280 × 720');
  const grey = Uint8Array.from({ length: scene.rgb.length / 3 }, (_none, at) =>
    Math.round(0.299 * scene.rgb[3 * at]! + 0.587 * scene.rgb[3 * at + 1]! + 0.114 * scene.rgb[3 * at + 2]!),
  );
  const sequences: Sequence[] = [];
  for (const motion of MOTIONS) {
    const videos = [join(folder, `${motion.name}-left.mp4`), join(folder, `${motion.name}-right.mp4`)] as const;
    const truth: Homography[] = [];
    for (let t = 0; t < motion.frames; t += 1) {
      const [reference, target] = [sceneFromView(0, motion.pose(0, t)), sceneFromView(1, motion.pose(1, t))];
      truth.push(multiply(invert(target), reference));
    }
    for (const camera of [0, 1] as const) {
      await encode(ffmpeg, videos[camera], motion.frames, (t) =>
        draw(scene, grey, sceneFromView(camera, motion.pose(camera, t)), motion, camera, t),
      );
    }
    sequences.push({ name: motion.name, videos, truth });
  }
  return sequences;
}

async function encode(ffmpeg: string, path: string, frames: number, picture: (t: number) => Uint8Array): Promise<void> {
  const size = `${VIEW.widthPx}x${VIEW.heightPx}`;
  const input = ['-f', 'rawvideo', '-pix_fmt', 'gray', '-s', size, '-r', String(FPS), '-i', 'pipe:0'];
  const coded = ['-c:v', 'libx264', '-preset', 'fast', '-crf', '18', '-pix_fmt', 'yuv420p'];
  const child = spawnChild({ command: ffmpeg, args: ['-y', '-v', 'error', ...input, ...coded, path] });
  try {
    for (let t = 0; t < frames; t += 1) if (!child.stdin.write(picture(t))) await once(child.stdin, 'drain');
    child.stdin.end();
    if ((await child.exited).exitCode !== 0) throw new SeamlineError('ffmpeg-failed', `${path} cannot be written`);
  } finally {
    child.kill();
  }
}
