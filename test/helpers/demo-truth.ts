import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { apply, project, transpose } from '../demo-scene/matrix.ts';
import type { Matrix3, Vector3 } from '../demo-scene/matrix.ts';

/** The two pairs of demo clips: fixed cameras, or shaken ones with different exposure and white balance. */
export type DemoClip = 'calm' | 'shaken';
/** `reference` is camera 0 (the left one), `target` camera 1. */
export type DemoView = 'reference' | 'target';
/** Continuous pixels: a view spans 0…width, 0…height. */
export type Pixel = readonly [number, number];

/** A camera's place in metres and its rotation: columns are its right, up and backward axes in the world. */
export interface DemoPose {
  readonly position: Vector3;
  readonly rotation: Matrix3;
}

/** Depth along the optical axis in metres, one sample in the middle of every block of `step` × `step` pixels; 0 is sky. */
export interface DepthMap {
  readonly width: number;
  readonly height: number;
  readonly step: number;
  readonly metres: Float32Array;
}

/** One point of the far plane as both views see it. */
export interface FarPoint {
  readonly reference: Pixel;
  readonly target: Pixel;
}

interface FrameTruth {
  readonly reference: DemoPose;
  readonly target: DemoPose;
  readonly reference_to_target: Matrix3;
  readonly target_to_reference: Matrix3;
  readonly overlap: number;
}

interface ViewTruth {
  readonly file: string;
  readonly ev: number;
  readonly gains: Vector3;
  readonly depth: readonly { readonly frame: number; readonly file: string }[];
}

interface TruthFile {
  readonly version: 1;
  readonly clip: DemoClip;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly frame_count: number;
  readonly intrinsics: { readonly fx: number; readonly fy: number; readonly cx: number; readonly cy: number };
  readonly far_plane: {
    readonly point: Vector3;
    readonly normal: Vector3;
    readonly fronts: readonly { readonly left: number; readonly right: number; readonly height: number }[];
  };
  readonly depth_step: number;
  readonly depth_unit_m: number;
  readonly views: Readonly<Record<DemoView, ViewTruth>>;
  readonly frames: readonly FrameTruth[];
}

const FOLDER = join(import.meta.dirname, '../fixtures/media/demo');
/** Above the awnings of the shops, metres. */
const LOWEST = 3.7;
/** How far from the far plane a sample of a depth map may lie to count as seen, metres of depth. */
const TOLERANCE = 0.5;
const VIEWS: readonly DemoView[] = ['reference', 'target'];

/** The image of a point under a homography of the ground truth; both in continuous pixels. */
export { project };

/**
 * A 16-bit grey PNG of the demo clips, in metres.
 * @throws Error when the file is none of those that `test/demo-scene/depth-png.ts` writes.
 */
export function readDepthMap(path: string, step: number, unit: number): DepthMap {
  const file = readFileSync(path);
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  if (file[24] !== 16 || file[25] !== 0 || file.toString('latin1', 37, 41) !== 'IDAT')
    throw new Error(`${path}: not a depth map`);
  const rows = inflateSync(file.subarray(41, 41 + file.readUInt32BE(33)));
  const metres = new Float32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const row = rows.subarray(y * (1 + width * 2), (y + 1) * (1 + width * 2));
    if (row[0] !== 1) throw new Error(`${path}: row filter ${row[0]}`);
    let [high, low] = [0, 0];
    for (let x = 0; x < width; x += 1) {
      high = (high + row[1 + x * 2]!) & 255;
      low = (low + row[2 + x * 2]!) & 255;
      metres[y * width + x] = (high * 256 + low) * unit;
    }
  }
  return { width, height, step, metres };
}

/** The ground truth of one pair of demo clips. Frames count from 0 and repeat with the clip, which loops. */
export class DemoTruth {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly frameCount: number;
  private readonly truth: TruthFile;
  private readonly maps = new Map<string, DepthMap>();

  constructor(truth: TruthFile) {
    this.truth = truth;
    this.width = truth.width;
    this.height = truth.height;
    this.fps = truth.fps;
    this.frameCount = truth.frame_count;
  }

  private frame(frame: number): FrameTruth {
    return this.truth.frames[(frame % this.frameCount) % this.truth.frames.length]!;
  }

  /** The path of a view's MP4 file. */
  file(view: DemoView): string {
    return join(FOLDER, this.truth.views[view].file);
  }

  /** Exposure in stops and gains of linear red, green and blue of a view, before the tone curve. */
  photometry(view: DemoView): { readonly ev: number; readonly gains: Vector3 } {
    const { ev, gains } = this.truth.views[view];
    return { ev, gains };
  }

  /** The pose of a camera at a frame. */
  pose(view: DemoView, frame: number): DemoPose {
    return this.frame(frame)[view];
  }

  /** The homography of the far plane from the reference view to the target view: row-major, last entry 1. */
  referenceToTarget(frame: number): Matrix3 {
    return this.frame(frame).reference_to_target;
  }

  /** The homography of the far plane from the target view to the reference view: row-major, last entry 1. */
  targetToReference(frame: number): Matrix3 {
    return this.frame(frame).target_to_reference;
  }

  /** The share of the reference view that lies in the target view, for the far plane. */
  overlap(frame: number): number {
    return this.frame(frame).overlap;
  }

  /** A point of the far plane, metres. */
  get onFarPlane(): Vector3 {
    return this.truth.far_plane.point;
  }

  /** Frames that have depth maps. */
  get depthFrames(): number[] {
    return this.truth.views.reference.depth.map((each) => each.frame);
  }

  /** The depth map of a view at one of `depthFrames`. */
  depth(view: DemoView, frame: number): DepthMap {
    const entry = this.truth.views[view].depth.find((each) => each.frame === frame);
    if (entry === undefined) throw new RangeError(`no depth map of frame ${frame}`);
    const known = this.maps.get(entry.file);
    if (known !== undefined) return known;
    const map = readDepthMap(join(FOLDER, entry.file), this.truth.depth_step, this.truth.depth_unit_m);
    this.maps.set(entry.file, map);
    return map;
  }

  /** Where a world point (metres) is in a view, and its depth along the optical axis. */
  see(view: DemoView, frame: number, point: Vector3): { readonly pixel: Pixel; readonly depth: number } {
    const { position: p, rotation } = this.pose(view, frame);
    const [x, y, z] = apply(transpose(rotation), [point[0] - p[0], point[1] - p[1], point[2] - p[2]]);
    const { fx, fy, cx, cy } = this.truth.intrinsics;
    return { pixel: [cx + (fx * x) / -z, cy - (fy * y) / -z], depth: -z };
  }

  private inside([x, y]: Pixel, margin: number): boolean {
    return x >= margin && y >= margin && x <= this.width - margin && y <= this.height - margin;
  }

  /** Whether a point of the far plane is seen in at least half of the depth maps of a view that contain it. */
  private unhidden(view: DemoView, point: Vector3): boolean {
    let [seen, all] = [0, 0];
    for (const frame of this.depthFrames) {
      const { pixel, depth } = this.see(view, frame, point);
      if (!this.inside(pixel, 0.01)) continue;
      const map = this.depth(view, frame);
      const at = Math.floor(pixel[1] / map.step) * map.width + Math.floor(pixel[0] / map.step);
      all += 1;
      if (Math.abs(map.metres[at]! - depth) < TOLERANCE) seen += 1;
    }
    return all > 0 && seen * 2 >= all;
  }

  /**
   * Points on the house fronts, a lattice with `spacing` metres (1 m is about 30 px), that lie in both views at least
   * `margin` px from the border and are not hidden by anything that stands still. Both pixels are exact.
   */
  farPoints(frame: number, spacing = 0.5, margin = 8): FarPoint[] {
    const points: FarPoint[] = [];
    const { fronts, point } = this.truth.far_plane;
    for (const front of fronts) {
      for (let x = front.left + spacing / 2; x < front.right; x += spacing) {
        for (let y = LOWEST; y < front.height; y += spacing) {
          const at: Vector3 = [x, y, point[2]];
          const [reference, target] = [this.see('reference', frame, at).pixel, this.see('target', frame, at).pixel];
          if (!this.inside(reference, margin) || !this.inside(target, margin)) continue;
          if (VIEWS.every((view) => this.unhidden(view, at))) points.push({ reference, target });
        }
      }
    }
    return points;
  }
}

/** Reads the ground truth of a pair of demo clips. */
export function readDemoTruth(clip: DemoClip): DemoTruth {
  return new DemoTruth(JSON.parse(readFileSync(join(FOLDER, `${clip}.json`), 'utf8')) as TruthFile);
}
