import { describe, expect, it } from 'vitest';
import { type DemoClip, type DemoView, type FarPoint, project, readDemoTruth } from '../../helpers/demo-truth.ts';
import { runProgram } from '../../helpers/run-program.ts';

interface Picture {
  readonly width: number;
  readonly luma: Buffer;
}

/** The luma of some frames of a clip, as ffmpeg decodes them. */
async function decode(file: string, width: number, height: number, frames: readonly number[]): Promise<Picture[]> {
  const chosen = frames.map((frame) => `eq(n,${frame})`).join('+');
  const filter = `select='${chosen}',extractplanes=y`;
  const output = ['-vf', filter, '-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'gray', '-'];
  const { stdout, stderr } = await runProgram('ffmpeg', ['-v', 'error', '-i', file, ...output], 80_000);
  if (stdout.length !== width * height * frames.length) throw new Error(`decoded ${stdout.length} bytes: ${stderr}`);
  return frames.map((_, i) => ({ width, luma: stdout.subarray(i * width * height, (i + 1) * width * height) }));
}

/** Bilinear luma at a continuous pixel position. */
function sample({ width, luma }: Picture, x: number, y: number): number {
  const [c, r] = [Math.floor(x - 0.5), Math.floor(y - 0.5)];
  const [a, b] = [x - 0.5 - c, y - 0.5 - r];
  const at = r * width + c;
  const top = luma[at]! * (1 - a) + luma[at + 1]! * a;
  return top * (1 - b) + (luma[at + width]! * (1 - a) + luma[at + width + 1]! * a) * b;
}

const REACH = 8;

/** Luma around a point of the reference frame, read through `map`, with its mean taken out and its length set to 1. */
function patch(
  picture: Picture,
  centre: readonly [number, number],
  map: (x: number, y: number) => readonly [number, number],
) {
  const values: number[] = [];
  for (let v = -REACH; v <= REACH; v += 2) {
    for (let u = -REACH; u <= REACH; u += 2) values.push(sample(picture, ...map(centre[0] + u, centre[1] + v)));
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const length = Math.hypot(...values.map((value) => value - mean));
  return { contrast: length / Math.sqrt(values.length), values: values.map((value) => (value - mean) / length) };
}

const STEP = 0.25;
const STEPS = 6;

/** How far, in reference pixels, the content around a point lies from where the homography says; undefined without texture. */
function residual(
  reference: Picture,
  target: Picture,
  matrix: Parameters<typeof project>[0],
  point: FarPoint,
): number | undefined {
  const here = patch(reference, point.reference, (x, y) => [x, y]);
  if (here.contrast < 12) return undefined;
  const likeness = (dx: number, dy: number): number => {
    const there = patch(target, point.reference, (x, y) => project(matrix, x + dx * STEP, y + dy * STEP));
    return there.values.reduce((sum, value, i) => sum + value * here.values[i]!, 0);
  };
  let best = { dx: 0, dy: 0, score: -1 };
  for (let dy = -STEPS; dy <= STEPS; dy += 1) {
    for (let dx = -STEPS; dx <= STEPS; dx += 1) {
      const score = likeness(dx, dy);
      if (score > best.score) best = { dx, dy, score };
    }
  }
  const peak = (low: number, high: number): number => (low - high) / 2 / (low - 2 * best.score + high);
  const x = best.dx + peak(likeness(best.dx - 1, best.dy), likeness(best.dx + 1, best.dy));
  const y = best.dy + peak(likeness(best.dx, best.dy - 1), likeness(best.dx, best.dy + 1));
  return Math.hypot(x, y) * STEP;
}

const FRAMES: Record<DemoClip, number[]> = { calm: [137, 402], shaken: [61, 333] };
/** Median distance allowed, px; the shaken pictures are read through a homography and coded anew, which costs sharpness. */
const LIMIT_PX: Record<DemoClip, number> = { calm: 0.25, shaken: 0.3 };

describe.each(['calm', 'shaken'] as const)('the %s demo clips', (clip) => {
  const truth = readDemoTruth(clip);

  it('show the far plane where the ground truth says, to a fraction of a pixel', async () => {
    const views: DemoView[] = ['reference', 'target'];
    const decoded = views.map((view) => decode(truth.file(view), truth.width, truth.height, FRAMES[clip]));
    const [reference, target] = await Promise.all(decoded);

    for (const [i, frame] of FRAMES[clip].entries()) {
      const matrix = truth.referenceToTarget(frame);
      const errors = truth
        .farPoints(frame, 0.45, 24)
        .map((point) => residual(reference![i]!, target![i]!, matrix, point))
        .filter((error) => error !== undefined)
        .toSorted((a, b) => a - b);

      expect(errors.length).toBeGreaterThan(150);
      expect(errors[Math.floor(errors.length / 2)]).toBeLessThan(LIMIT_PX[clip]);
    }
  });

  it('have homographies that agree with the poses and with each other', () => {
    for (let frame = 0; frame < truth.frameCount; frame += 71) {
      for (const { reference, target } of truth.farPoints(frame, 2)) {
        const there = project(truth.referenceToTarget(frame), ...reference);
        const back = project(truth.targetToReference(frame), ...target);

        expect(Math.hypot(there[0] - target[0], there[1] - target[1])).toBeLessThan(1e-4);
        expect(Math.hypot(back[0] - reference[0], back[1] - reference[1])).toBeLessThan(1e-4);
      }
    }
  });

  it('overlap by about two fifths in every frame', () => {
    const shares = Array.from({ length: truth.frameCount }, (_, frame) => truth.overlap(frame));

    expect(Math.min(...shares)).toBeGreaterThan(0.36);
    expect(Math.max(...shares)).toBeLessThan(0.44);
  });
});
