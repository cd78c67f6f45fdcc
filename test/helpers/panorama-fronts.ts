import type { Size } from '../../src/contract/pixels.ts';
import { fitHomography } from '../../src/geometry/homography-fit.ts';
import {
  apply,
  invert,
  multiply,
  pixelHomography,
  scaleShift,
  type Homography,
} from '../../src/geometry/homography.ts';
import { rigidMesh } from '../../src/geometry/rigid-mesh.ts';
import { PictureAligner } from '../../src/inference/picture-motion.ts';
import { median, type MeshPair } from './alignment-error.ts';
import type { DemoTruth, DemoView, FarPoint } from './demo-truth.ts';
import { runProgram } from './run-program.ts';

/** A grey picture, row by row. */
interface Grey extends Size {
  readonly values: Uint8Array;
  /** When it is to be shown, seconds. */
  readonly timeS: number;
}

/** Size at which parts of pictures are aligned. */
const PART: Size = { widthPx: 480, heightPx: 360 };
/** Far points are looked at this far on both sides of the middle of the overlap, share of the view's width. */
const STRIP_SHARE = 0.1;

/** The next grey pictures of a video or a stream, none left out. @param input arguments of ffmpeg */
export async function greyPictures(input: readonly string[], size: Size, count: number): Promise<Grey[]> {
  const format = ['-map', '0:v', '-vf', 'showinfo=checksum=0', '-frames:v', String(count), '-fps_mode', 'passthrough'];
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'gray', '-'];
  const { stdout, stderr } = await runProgram('ffmpeg', [...input, ...format, ...raw], 90_000);
  const times = [...stderr.matchAll(/ pts_time:\s*([\d.]+)/g)].map(([, time]) => Number(time));
  const bytes = size.widthPx * size.heightPx;
  return Array.from({ length: Math.floor(stdout.length / bytes) }, (_none, at) => ({
    ...size,
    values: stdout.subarray(at * bytes, (at + 1) * bytes),
    timeS: times[at]!,
  }));
}

/** One view's share of a panorama: from its outer edge to the middle of the overlap. */
class ViewPart {
  /** Canvas ← view, about: where the server says that the view is drawn. */
  readonly #canvasFromView: Homography;
  /** View ← part, pixels. */
  readonly #viewFromPart: Homography;
  readonly #aligner = new PictureAligner();

  constructor(truth: DemoTruth, geometry: MeshPair, view: DemoView, picture: Grey) {
    const size = { widthPx: truth.width, heightPx: truth.height };
    const rows = geometry[view];
    const grid = { rows: rows.length - 1, cols: rows[0]!.length - 1 };
    this.#canvasFromView = fitHomography(rigidMesh(grid, size), Float64Array.from(rows.flat(2)));
    const width = truth.width * (1 - truth.overlap(0) / 2);
    const left = view === 'reference' ? 0 : truth.width - width;
    this.#viewFromPart = scaleShift(width / PART.widthPx, truth.height / PART.heightPx, left, 0);
    this.#aligner.setKey(cut(picture, this.#viewFromPart), PART.widthPx, PART.heightPx);
  }

  /**
   * Where the content of the view's first picture is in a panorama: canvas ← view, pixels. Found in the picture alone;
   * people who walk are few enough to be outvoted by what stands still.
   */
  find(panorama: Grey): Homography | undefined {
    const part = cut(panorama, multiply(this.#canvasFromView, this.#viewFromPart));
    const found = this.#aligner.align(part, PART.widthPx, PART.heightPx);
    if (found === undefined || found.support < 0.5) return undefined;
    const shownFromFirst = pixelHomography(found.nowFromKey, PART, PART, PART);
    const canvasFromPart = multiply(multiply(this.#canvasFromView, this.#viewFromPart), shownFromFirst);
    return multiply(canvasFromPart, invert(this.#viewFromPart));
  }
}

/** The picture as seen through a map, averaged over 2 × 2 samples a pixel. @param map picture ← part, continuous pixels */
function cut({ widthPx, heightPx, values }: Grey, map: Homography): Float32Array {
  const part = new Float32Array(PART.widthPx * PART.heightPx);
  for (let at = 0; at < part.length; at += 1) {
    const [col, row] = [at % PART.widthPx, Math.floor(at / PART.widthPx)];
    for (const [dx, dy] of [
      [0.25, 0.25],
      [0.75, 0.25],
      [0.25, 0.75],
      [0.75, 0.75],
    ] as const) {
      // prettier-ignore
      const [x, y] = apply(map, col + dx, row + dy);
      const cx = Math.min(widthPx - 1.001, Math.max(0, x - 0.5));
      const cy = Math.min(heightPx - 1.001, Math.max(0, y - 0.5));
      const [ix, iy] = [Math.floor(cx), Math.floor(cy)];
      const [fx, fy] = [cx - ix, cy - iy];
      const from = iy * widthPx + ix;
      const top = values[from]! + fx * (values[from + 1]! - values[from]!);
      const bottom = values[from + widthPx]! + fx * (values[from + widthPx + 1]! - values[from + widthPx]!);
      part[at]! += (top + fy * (bottom - top)) / 4;
    }
  }
  return part;
}

/** What a panorama shows of the house fronts. */
export interface ShownFronts {
  /** Median distance between where the two views show the same points, pixels of the canvas. */
  readonly apartPx: number;
  readonly timeS: number;
  /** Where the points are, on the average. */
  readonly place: readonly [number, number];
}

/** Finds the house fronts in decoded panoramas of a pair of demo clips, by their first pictures alone. */
export class FrontsFinder {
  readonly #parts: readonly [ViewPart, ViewPart];
  readonly #points: readonly FarPoint[];

  private constructor(parts: readonly [ViewPart, ViewPart], points: readonly FarPoint[]) {
    this.#parts = parts;
    this.#points = points;
  }

  /** @param geometry as the server tells it at any time: only where to begin to look */
  static async create(truth: DemoTruth, geometry: MeshPair): Promise<FrontsFinder> {
    const size = { widthPx: truth.width, heightPx: truth.height };
    const part = async (view: DemoView): Promise<ViewPart> => {
      const [first] = await greyPictures(['-i', truth.file(view)], size, 1);
      return new ViewPart(truth, geometry, view, first!);
    };
    const middle = truth.width * (1 - truth.overlap(0) / 2);
    const points = truth
      .farPoints(0)
      .filter(({ reference }) => Math.abs(reference[0] - middle) < STRIP_SHARE * truth.width);
    return new FrontsFinder([await part('reference'), await part('target')], points);
  }

  /** How many points are looked at. */
  get count(): number {
    return this.#points.length;
  }

  /** The house fronts of one panorama, or undefined where a view is not to be recognised. */
  find(panorama: Grey): ShownFronts | undefined {
    const [reference, target] = this.#parts.map((part) => part.find(panorama));
    if (reference === undefined || target === undefined) return undefined;
    const places = this.#points.map((point) => [apply(reference, ...point.reference), apply(target, ...point.target)]);
    const apart = places.map(([a, b]) => Math.hypot(a![0] - b![0], a![1] - b![1]));
    const mean = (axis: 0 | 1): number =>
      places.reduce((sum, [a, b]) => sum + a![axis] + b![axis], 0) / (2 * places.length);
    return { apartPx: median(apart), timeS: panorama.timeS, place: [mean(0), mean(1)] };
  }
}
