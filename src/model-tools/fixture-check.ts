import { SeamlineError } from '../common/seamline-error.ts';
import { rigidMesh } from '../geometry/rigid-mesh.ts';
import type { PlaneMeshes } from '../geometry/mid-plane.ts';
import type { Bundle } from '../inference/model-store.ts';
import type { SessionOptions } from '../inference/runtime/session.ts';
import { ExactPipeline, type ExactFrame } from '../inference/stabstitch2/exact-pipeline.ts';
import { runSmooth } from '../inference/stabstitch2/networks.ts';
import { openDebugNetworks } from './debug-networks.ts';
import { fixtureArray, type FixtureRun, type FrameProbes, type WholeWindow } from './fixture-arrays.ts';
import { framePath, readExpected, type Fixture } from './fixture.ts';
import { readPicture, toPlanes } from './picture.ts';

/** Control points of a float16 bundle may be this far from the original's, pixels of 480×360. */
const HALF_PRECISION_LIMIT_PX = 0.5;

/** How one array or picture compares. */
export interface Comparison {
  readonly name: string;
  readonly largest: number;
  readonly mean: number;
  /** What `measured` may be; undefined when there is no limit for this bundle. */
  readonly limit: number | undefined;
  /** The difference that the limit is for: of arrays the largest, of pictures the mean. */
  readonly measured: number;
  /** Why it cannot be compared. */
  readonly fault?: string;
}

/** True when nothing exceeds its limit and everything could be compared. NaN exceeds. */
export function passes(comparison: Comparison): boolean {
  const { fault, limit, measured } = comparison;
  return fault === undefined && (limit === undefined || measured <= limit);
}

/** A run over a fixture's frames and the pictures it read. */
export interface CheckedRun extends FixtureRun {
  readonly rigid: Float64Array;
}

/**
 * Runs an imported bundle over a fixture's frames, every network on every frame, with the debug build of its graphs.
 * @throws SeamlineError `file-unreadable`, `model-invalid`, `inference-failed`
 */
export async function runFixture(
  bundle: Bundle,
  fixture: Fixture,
  options: SessionOptions,
  ffmpeg: string,
): Promise<CheckedRun> {
  const { manifest } = bundle;
  const { width, height } = manifest.input;
  if (manifest.kind !== 'stabstitch2') {
    throw new SeamlineError(
      'model-invalid',
      `${manifest.name} is of the kind ${manifest.kind}; fixtures are for stabstitch2`,
    );
  }
  if (fixture.widthPx !== width || fixture.heightPx !== height) {
    throw new SeamlineError(
      'file-unreadable',
      `the fixture's frames must be ${width}×${height}, as the networks take them`,
    );
  }
  const wanted = new Set(fixture.arrays.flatMap(({ name }) => /_frame(\d+)$/.exec(name)?.[1] ?? []).map(Number));
  const networks = await openDebugNetworks(bundle, options, wanted.size > 0);
  try {
    const frames: ExactFrame[] = [];
    const finals: PlaneMeshes[] = [];
    const windows: WholeWindow[] = [];
    const inner = new Map<number, FrameProbes>();
    const pipeline = new ExactPipeline(networks);
    for (let index = 0; index < fixture.frames; index += 1) {
      const [reference, target] = await Promise.all(
        ([1, 2] as const).map(async (view) => {
          const picture = await readPicture(ffmpeg, framePath(fixture, view, index));
          if (picture.widthPx !== width || picture.heightPx !== height) {
            throw new SeamlineError('file-unreadable', `frame ${index} of view ${view} is not ${width}×${height}`);
          }
          return toPlanes(picture, manifest.input);
        }),
      );
      const frame = await pipeline.next(reference!, target!);
      frames.push(frame);
      // The pipeline asks for what it shows only; the index lists whole windows.
      if (frame.window !== undefined)
        windows.push({ inputs: frame.window, deltas: await runSmooth(networks, frame.window, 0) });
      finals.push(...frame.settled);
      if (wanted.has(index)) inner.set(index, networks.lastProbes());
    }
    return {
      frames,
      finals,
      windows,
      probes: inner,
      rigid: rigidMesh(manifest.grid, { widthPx: width, heightPx: height }),
    };
  } finally {
    await networks.close();
  }
}

/** Compares every array of the index with the run. */
export async function compareArrays(run: CheckedRun, fixture: Fixture, isHalf: boolean): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const array of fixture.arrays) {
    const expected = await readExpected(fixture, array);
    const found = fixtureArray(run, array.name, run.rigid);
    const limit = isHalf ? halfLimit(array.name) : array.limit;
    if (found === undefined || found.length !== expected.length) {
      const fault =
        found === undefined ? 'is not an array we know' : `has ${found.length} numbers, not ${expected.length}`;
      comparisons.push({ name: array.name, largest: NaN, mean: NaN, measured: NaN, limit, fault });
    } else comparisons.push({ name: array.name, limit, ...difference(found, expected) });
  }
  return comparisons;
}

const halfLimit = (name: string): number | undefined =>
  name.startsWith('final_mesh') ? HALF_PRECISION_LIMIT_PX : undefined;

/** Largest and mean absolute difference; NaN on either side makes both NaN. */
export function difference(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
): { largest: number; mean: number; measured: number } {
  let [largest, sum] = [0, 0];
  for (let index = 0; index < expected.length; index += 1) {
    const distance = Math.abs((found[index] ?? NaN) - (expected[index] ?? NaN));
    largest = Number.isNaN(distance) ? NaN : Math.max(largest, distance);
    sum += distance;
  }
  return { largest, mean: sum / expected.length, measured: largest };
}
