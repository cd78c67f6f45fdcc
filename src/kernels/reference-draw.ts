import type { Size } from '../contract/pixels.ts';
import type { Blend, NodePair, Plan } from './reference-plan.ts';
import { edgeAlphaReference } from './reference-plan.ts';

/** Gain of one plane in the kernels' numbers: factor less one in Q15, offset with 7 fractional bits. */
export interface PlaneGain {
  readonly more: number;
  readonly add: number;
}

/** Gains of the three planes of a view. */
export type ViewPlaneGains = readonly [PlaneGain, PlaneGain, PlaneGain];

/** One plane of a view or canvas. */
interface Plane {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

function planes(bytes: Uint8Array, { widthPx, heightPx }: Size): [Plane, Plane, Plane] {
  const luma = widthPx * heightPx;
  const half = { width: widthPx / 2, height: heightPx / 2 };
  return [
    { bytes: bytes.subarray(0, luma), width: widthPx, height: heightPx },
    { bytes: bytes.subarray(luma, luma * 1.25), ...half },
    { bytes: bytes.subarray(luma * 1.25, luma * 1.5), ...half },
  ];
}

/** (a · b + half) >> 15, the rounding product of two Q15 numbers. */
function scaleQ15(a: number, b: number): number {
  return (a * b + 16_384) >> 15;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

const saturate = (value: number): number => clamp(value, -32_768, 32_767);

/** Bilinear sample at (x, y) in 20.12, moved into the plane first; 7-bit vertical weights; 7 fractional bits. */
function sample(plane: Plane, x12: number, y12: number): number {
  const x = clamp(x12, 0, ((plane.width - 1) << 12) - 1);
  const y = clamp(y12, 0, ((plane.height - 1) << 12) - 1);
  const at = (y >> 12) * plane.width + (x >> 12);
  const fy = (y & 4095) >> 5;
  const column = (offset: number): number =>
    plane.bytes[at + offset]! * (128 - fy) + plane.bytes[at + offset + plane.width]! * fy;
  const left = column(0);
  return left + scaleQ15(column(1) - left, (x & 4095) << 3);
}

function withGain(value: number, centre: number, { more, add }: PlaneGain): number {
  const v = value - centre;
  const scaled = saturate(saturate(v + scaleQ15(v, more)) + add);
  return clamp(saturate(scaled + centre), 0, 32_640);
}

/** Start and step over the rows of a cell for one node value, as the kernels walk them. */
function walk(top: number, bottom: number, isChroma: boolean, row: number): number {
  const d = bottom - top;
  return isChroma ? top + (d >> 5) + row * (d >> 3) : top + row * (d >> 4);
}

/** Node coordinate in the plane's own pixels, 16.16, with the half step that makes cutting off round. */
function planeNode(nodes: Int32Array, node: number, axis: 0 | 1, isChroma: boolean): number {
  const value = nodes[node * 2 + axis]!;
  const inPlane = isChroma ? (value - (axis === 1 ? 32_768 : 0)) >> 1 : value;
  return inPlane + (axis === 1 ? 256 : 0);
}

/** 20.12 coordinate of pixel `x` in a cell's row, from the row's end nodes; luma starts anew at its second half. */
function along(left: number, right: number, x: number, isChroma: boolean): number {
  const span = right - left;
  if (isChroma) return (left >> 4) + (span >> 7) * x;
  return (x < 8 ? left >> 4 : (left + (span >> 1)) >> 4) + (span >> 8) * (x & 7);
}

/** Everything the drawing of one plane of one view needs. */
interface PlaneJob {
  readonly pair: NodePair;
  readonly plan: Plan;
  readonly view: 0 | 1;
  readonly source: Plane;
  readonly canvas: Plane;
  readonly isChroma: boolean;
  readonly gain: PlaneGain | undefined;
}

function alphaOf(job: PlaneJob, blend: Blend, node: number, x: number, y: number): number {
  const { columns } = job.pair.grid;
  if (blend === 'weights') {
    const weight = (index: number): number =>
      walk(job.plan.weights[index]!, job.plan.weights[index + columns]!, job.isChroma, y) >> 8;
    return weight(node) + ((weight(node + 1) - weight(node)) >> (job.isChroma ? 3 : 4)) * x;
  }
  const at = (px: number, py: number): number =>
    edgeAlphaReference(job.pair, job.view, job.plan.sharpness, node, px, py);
  const alpha8 = job.isChroma
    ? Math.min(at(2 * x, 2 * y), at(2 * x + 1, 2 * y), at(2 * x, 2 * y + 1), at(2 * x + 1, 2 * y + 1))
    : at(x, y);
  return (alpha8 << 7) | (alpha8 >> 1);
}

function drawPixel(job: PlaneJob, blend: Blend, node: number, x: number, y: number, at: number): void {
  const nodes = job.pair.nodes[job.view];
  const { columns } = job.pair.grid;
  const coordinate = (axis: 0 | 1): number => {
    const end = (index: number): number =>
      walk(
        planeNode(nodes, index, axis, job.isChroma),
        planeNode(nodes, index + columns, axis, job.isChroma),
        job.isChroma,
        y,
      );
    return along(end(node), end(node + 1), x, job.isChroma);
  };
  let value = sample(job.source, coordinate(0), coordinate(1));
  if (job.gain !== undefined) value = withGain(value, job.isChroma ? 16_384 : 2048, job.gain);
  if (blend !== 'copy') {
    const under = job.canvas.bytes[at]! << 7;
    value = under + scaleQ15(value - under, alphaOf(job, blend, node, x, y));
  }
  job.canvas.bytes[at] = clamp((value + 64) >> 7, 0, 255);
}

function drawPlane(job: PlaneJob): void {
  const { columns, cellColumns, cellRows } = job.pair.grid;
  const side = job.isChroma ? 8 : 16;
  for (let cell = 0; cell < cellColumns * cellRows; cell += 1) {
    const blend = job.plan.blends[job.view][cell]!;
    if (blend === 'none') continue;
    const cx = cell % cellColumns;
    const cy = Math.floor(cell / cellColumns);
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1) {
        drawPixel(job, blend, cy * columns + cx, x, y, (cy * side + y) * job.canvas.width + cx * side + x);
      }
    }
  }
}

/** Twin of fillBackdrop over a whole plane. values: i16 with 7 fractional bits at the nodes of the canvas */
function drawBackdropPlane(canvas: Plane, values: Int16Array, columns: number, isChroma: boolean): void {
  const side = isChroma ? 8 : 16;
  const step = isChroma ? 12 : 11;
  const between = (from: number, to: number, at: number): number => from + scaleQ15(to - from, at << step);
  for (let y = 0; y < canvas.height; y += 1) {
    for (let x = 0; x < canvas.width; x += 1) {
      const node = Math.floor(y / side) * columns + Math.floor(x / side);
      const along = (at: number): number => between(values[at]!, values[at + columns]!, y % side);
      const value = between(along(node), along(node + 1), x % side);
      canvas.bytes[y * canvas.width + x] = clamp((value + 64) >> 7, 0, 255);
    }
  }
}

/**
 * Twin of a whole panorama: black or the backdrop, then the reference view, then the target view over it.
 * @param sources I420 pictures of the views
 * @param gains of each view, undefined for a view as it is
 * @param backdrop values of Y, U and V at the nodes, or undefined for black
 * @returns the canvas, I420
 */
export function drawReference(
  pair: NodePair,
  plan: Plan,
  sources: readonly [Uint8Array, Uint8Array],
  canvas: Size,
  gains: readonly [ViewPlaneGains | undefined, ViewPlaneGains | undefined] = [undefined, undefined],
  backdrop?: readonly [Int16Array, Int16Array, Int16Array],
): Uint8Array {
  const picture = new Uint8Array((canvas.widthPx * canvas.heightPx * 3) / 2);
  const target = planes(picture, canvas);
  target[0].bytes.fill(16);
  target[1].bytes.fill(128);
  target[2].bytes.fill(128);
  backdrop?.forEach((values, index) => {
    drawBackdropPlane(target[index as 0 | 1 | 2], values, pair.grid.columns, index > 0);
  });
  for (const view of [0, 1] as const) {
    const source = planes(sources[view], pair.views[view]);
    for (const index of [0, 1, 2] as const) {
      drawPlane({
        pair,
        plan,
        view,
        source: source[index],
        canvas: target[index],
        isChroma: index > 0,
        gain: gains[view]?.[index],
      });
    }
  }
  return picture;
}
