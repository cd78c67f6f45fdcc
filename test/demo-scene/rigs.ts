import { invert, multiply, orientation, project, transpose } from './matrix.ts';
import type { Matrix3, Vector3 } from './matrix.ts';
import { between, randomFrom } from './random.ts';

/** Frames of a clip; every motion in the scene repeats after them, so that a clip loops without a jump. */
export const FRAMES = 500;
/** Frames per second. */
export const FPS = 25;
/** Size of a view in pixels. */
export const WIDTH = 1280;
export const HEIGHT = 720;
/** A depth map has one sample per so many pixels in x and y, in the middle of its block. */
export const DEPTH_STEP = 4;
/** Half the horizontal field of view, radians. */
const HALF_FIELD = (24 * Math.PI) / 180;
/** Focal length in pixels, the same for both cameras and both axes. */
export const FOCAL = WIDTH / 2 / Math.tan(HALF_FIELD);
/** What is rendered beyond each border of a view, so that the shaken views can be read from it: more than the shake. */
export const MARGIN = 24;
/** Size of a rendered picture in pixels. */
export const WIDE = WIDTH + 2 * MARGIN;
export const TALL = HEIGHT + 2 * MARGIN;
/** The far plane is the front of the row of houses: z = −FAR metres in the world. */
export const FAR = 48;

/** The two pairs of clips. */
export type ClipName = 'calm' | 'shaken';
/** The two views of a pair. */
export type ViewName = 'reference' | 'target';

/** Where a camera stands (metres) and how it is turned (columns: right, up, backward). */
export interface Pose {
  readonly position: Vector3;
  readonly rotation: Matrix3;
}

/** Exposure in stops and gains of linear red, green and blue. */
export interface Photometry {
  readonly ev: number;
  readonly gains: Vector3;
}

interface Mount {
  readonly position: Vector3;
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
  readonly seed: number;
}

const DEGREE = Math.PI / 180;

const MOUNTS: Record<ViewName, Mount> = {
  reference: { position: [-0.15, 5, 0], yaw: 14.55 * DEGREE, pitch: 1.5 * DEGREE, roll: 0.5 * DEGREE, seed: 11 },
  target: { position: [0.15, 5.02, 0.03], yaw: -14.3 * DEGREE, pitch: 1.1 * DEGREE, roll: -0.6 * DEGREE, seed: 12 },
};

/** What each view of each pair does to linear light before the tone curve. */
export const PHOTOMETRY: Record<ClipName, Record<ViewName, Photometry>> = {
  calm: { reference: { ev: 0, gains: [1, 1, 1] }, target: { ev: 0, gains: [1, 1, 1] } },
  shaken: {
    reference: { ev: 0.15, gains: [1.07, 1, 0.88] },
    target: { ev: -0.45, gains: [0.93, 1, 1.14] },
  },
};

/** One degree of freedom of the shake: a sum of sinusoids that all repeat after FRAMES, scaled to a peak of `peak`. */
function tremor(seed: number, peak: number): number[] {
  const random = randomFrom(seed);
  const waves = Array.from({ length: 34 }, (_, i) => {
    const cycles = i < 22 ? 2 + i * 2 : Math.round(between(random, 55, 170));
    const size = i < 22 ? 1 / (1 + cycles / 9) : 0.055;
    return { cycles, size: size * between(random, 0.4, 1.2), phase: random() * 2 * Math.PI };
  });
  const raw = Array.from({ length: FRAMES }, (_, n) =>
    waves.reduce((sum, w) => sum + w.size * Math.sin((2 * Math.PI * w.cycles * n) / FRAMES + w.phase), 0),
  );
  const scale = peak / Math.max(...raw.map(Math.abs));
  return raw.map((value) => value * scale);
}

/** The vertical field of view, degrees, of a picture `height` pixels high. */
export function verticalField(height: number): number {
  return (2 * Math.atan(height / 2 / FOCAL) * 180) / Math.PI;
}

/**
 * The poses of one view over its clip: one for the fixed pair, one per frame for the shaken pair. The shake turns a
 * camera about its optical centre.
 */
export function poses(clip: ClipName, view: ViewName): Pose[] {
  const mount = MOUNTS[view];
  const pose = (yaw: number, pitch: number, roll: number): Pose => ({
    position: mount.position,
    rotation: orientation(mount.yaw + yaw, mount.pitch + pitch, mount.roll + roll),
  });
  if (clip === 'calm') return [pose(0, 0, 0)];
  const axis = (k: number, peak: number): number[] => tremor(mount.seed * 100 + k, peak);
  const [yaw, pitch, roll] = [axis(0, 13 / FOCAL), axis(1, 10 / FOCAL), axis(2, 0.35 * DEGREE)];
  return yaw.map((value, n) => pose(value, pitch[n]!, roll[n]!));
}

/** Pixels (continuous: 0…WIDTH, y down) from camera coordinates (right, up, backward). */
const LENS: Matrix3 = [FOCAL, 0, -WIDTH / 2, 0, -FOCAL, -HEIGHT / 2, 0, 0, -1];

/** The homography from the far plane, in metres (x, y), to continuous pixels of a view. */
export function farPlaneToView(pose: Pose): Matrix3 {
  const { position: p } = pose;
  const plane: Matrix3 = [1, 0, -p[0], 0, 1, -p[1], 0, 0, -FAR - p[2]];
  return multiply(LENS, multiply(transpose(pose.rotation), plane));
}

/** The homography of the far plane from pixels of one view to pixels of another, with its last entry 1. */
export function farPlaneHomography(from: Pose, to: Pose): Matrix3 {
  const m = multiply(farPlaneToView(to), invert(farPlaneToView(from)));
  return m.map((value) => value / m[8]) as Matrix3;
}

/** The share of the first view whose image under `m` lies inside the second, counted on a 4-pixel grid. */
export function overlapShare(m: Matrix3): number {
  let inside = 0;
  for (let y = 2; y < HEIGHT; y += 4) {
    for (let x = 2; x < WIDTH; x += 4) {
      const [u, v] = project(m, x, y);
      if (u >= 0 && u <= WIDTH && v >= 0 && v <= HEIGHT) inside += 1;
    }
  }
  return (inside * 16) / (WIDTH * HEIGHT);
}
