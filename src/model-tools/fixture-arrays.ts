import type { Values } from '../inference/runtime/session.ts';
import type { ExactFrame } from '../inference/stabstitch2/exact-pipeline.ts';
import type { WindowInputs } from '../inference/stabstitch2/online-window.ts';
import type { PlaneMeshes } from '../geometry/mid-plane.ts';
import { costSides } from '../bundle-import/cost-volume-graph.ts';
import { coarseSize, featureSize, workingSize } from '../bundle-import/working-size.ts';
import { originalCanvas } from './original-canvas.ts';

/** What a run over a fixture gave. */
export interface FixtureRun {
  readonly frames: readonly ExactFrame[];
  /** Smoothed meshes, frame by frame. */
  readonly finals: readonly PlaneMeshes[];
  readonly windows: readonly WholeWindow[];
  /** Inner values of one frame, by the names of `probes`, and `features` of TemporalNet for both views. */
  readonly probes: ReadonlyMap<number, FrameProbes>;
}

/** What went into SmoothNet and came out, frame after frame. */
export interface WholeWindow {
  readonly inputs: WindowInputs;
  readonly deltas: { readonly reference: Float32Array; readonly target: Float32Array };
}

/** Inner values of one frame. */
export interface FrameProbes {
  readonly spatial: Values;
  readonly temporal: { readonly reference: Values; readonly target: Values };
}

type View = keyof PlaneMeshes;

const finePlane = featureSize.rows * featureSize.cols;
const coarsePlane = coarseSize.rows * coarseSize.cols;

const rigidFree = (meshes: ArrayLike<number>, rigid: ArrayLike<number>): number[] =>
  Array.from(meshes, (value, index) => value - (rigid[index] ?? 0));

/**
 * One array of the fixture's index, computed by us.
 * @param name as in the index
 * @param rigid the rigid mesh of the working size
 * @returns undefined when there is no array of that name
 */
export function fixtureArray(run: FixtureRun, name: string, rigid: Float64Array): Float32Array | undefined {
  const probe = /^probe_(\w+?)(?:_view([12]))?_frame(\d+)$/.exec(name);
  if (probe !== null) {
    const values = run.probes.get(Number(probe[3]));
    return values === undefined
      ? undefined
      : probeArray(values, probe[1] ?? '', probe[2] === '2' ? 'target' : 'reference');
  }
  if (name === 'canvas') return Float32Array.from(originalCanvas(run.finals).asList);
  if (name === 'homography_offsets') return join(run.frames.map(({ offsets }) => offsets.homographyOffsets));
  const match = /^(\w+)_view([12])$/.exec(name);
  if (match === null) return undefined;
  return viewArray(run, match[1] ?? '', match[2] === '2' ? 'target' : 'reference', rigid);
}

function viewArray(run: FixtureRun, kind: string, view: View, rigid: Float64Array): Float32Array | undefined {
  const { frames, finals, windows } = run;
  switch (kind) {
    case 'final_mesh':
      return join(finals.map((meshes) => meshes[view]));
    case 'spatial_motion':
      return join(frames.map(({ meshes }) => rigidFree(meshes[view], rigid)));
    case 'spatial_mesh':
      return join(frames.map(({ meshes }) => meshes[view]));
    case 'temporal_motion':
      return join(frames.map(({ cameraMotions }) => cameraMotions[view]));
    case 'stitch_motion':
      return join(frames.map(({ stitchMotions }) => stitchMotions[view]));
    case 'mesh_offsets':
      return join(
        frames.map(({ offsets }) => (view === 'target' ? offsets.meshOffsetsTarget : offsets.meshOffsetsReference)),
      );
    case 'window_mesh':
      return join(windows.map(({ inputs }) => inputs[`mesh_${view}`]));
    case 'window_path':
      return join(windows.map(({ inputs }) => inputs[`path_${view}`]));
    case 'window_delta':
      return join(windows.map(({ deltas }) => deltas[view]));
    case 'window_smooth_mesh':
      return join(windows.map(({ inputs, deltas }) => rigidFree(inputs[`mesh_${view}`], deltas[view])));
    default:
      return undefined;
  }
}

function probeArray(values: FrameProbes, kind: string, view: View): Float32Array | undefined {
  const { spatial, temporal } = values;
  const of = (part: Values, name: string): Float32Array => part[name] ?? new Float32Array();
  switch (kind) {
    case 'dlt':
      return dltProbe(of(spatial, 'probe_homographies'));
    case 'ccl_flow':
      return of(spatial, 'probe_ccl_flow');
    case 'feature16':
      return everyChannel(of(spatial, `probe_feature16_${view}`), coarsePlane, 32);
    case 'feature8':
      return everyChannel(channelsFirst(of(temporal[view], 'features'), featureSize.channels), finePlane, 16);
    case 'warped_feature':
      return everyChannel(channelsFirst(of(spatial, `probe_warped_${view}`), featureSize.channels), finePlane, 16);
    case 'cost_spatial': {
      const cost = of(spatial, `probe_cost_${view}`);
      const planes = view === 'target' ? reverseChannels(cost, finePlane) : channelsFirst(cost, costSides.spatial ** 2);
      return everyChannel(planes, finePlane, 8);
    }
    case 'cost_temporal':
      return everyChannel(
        channelsFirst(of(temporal[view], 'probe_cost_temporal'), costSides.temporal ** 2),
        finePlane,
        8,
      );
    default:
      return undefined;
  }
}

function join(parts: readonly ArrayLike<number>[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => Array.from(part)));
}

function everyChannel(values: Float32Array, plane: number, step: number): Float32Array {
  const parts: Float32Array[] = [];
  for (let start = 0; start < values.length; start += step * plane) parts.push(values.subarray(start, start + plane));
  return join(parts);
}

function channelsFirst(rows: Float32Array, channels: number): Float32Array {
  const cells = rows.length / channels;
  return rows.map((_value, index) => rows[(index % cells) * channels + Math.floor(index / cells)] ?? 0);
}

function reverseChannels(values: Float32Array, plane: number): Float32Array {
  const channels = values.length / plane;
  return values.map(
    (_value, index) => values[(channels - 1 - Math.floor(index / plane)) * plane + (index % plane)] ?? 0,
  );
}

/** H and its half at an eighth of the working size and at the working size, h33 = 1, from −1 … 1 coordinates. */
function dltProbe(normalised: Float32Array): Float32Array {
  const at = (start: number, width: number, height: number): number[] => {
    const h = normalised.subarray(start, start + 9);
    const [w, v] = [width / 2, height / 2];
    // Pixels ← normalised on the left, normalised ← pixels on the right.
    const left = [w, 0, w, 0, v, v, 0, 0, 1];
    const right = [1 / w, 0, -1, 0, 1 / v, -1, 0, 0, 1];
    const product = multiply(multiply(left, [...h]), right);
    return product.map((value) => value / (product[8] ?? 1));
  };
  const { widthPx, heightPx } = workingSize;
  return Float32Array.from([
    ...at(0, widthPx / 8, heightPx / 8),
    ...at(9, widthPx / 8, heightPx / 8),
    ...at(0, widthPx, heightPx),
    ...at(9, widthPx, heightPx),
  ]);
}

function multiply(a: readonly number[], b: readonly number[]): number[] {
  return a.map((_value, index) => {
    const [row, col] = [Math.floor(index / 3), index % 3];
    return [0, 1, 2].reduce((sum, k) => sum + (a[row * 3 + k] ?? 0) * (b[k * 3 + col] ?? 0), 0);
  });
}
