import ort from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { checkpointLayout } from '../../../src/bundle-import/checkpoint-layout.ts';
import { NetworkWeights } from '../../../src/bundle-import/network-weights.ts';
import { networkTensors } from '../../../src/bundle-import/network-tensors.ts';
import { FIRST_FRAME, smoothGraph } from '../../../src/bundle-import/smooth-graph.ts';

const POINTS = 63 * 2;

/** Numbers that differ everywhere and are the same in every run, −scale … scale. */
const numbers = (length: number, scale: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_item, index) => {
    const wild = Math.sin(index * 12.9898 + seed * 78.233) * 43758.5453;
    return (2 * (wild - Math.floor(wild)) - 1) * scale;
  });

const count = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

it('SmoothNet answers for the last frames of a window as it does for the whole window', async () => {
  const tensors = [...checkpointLayout('smooth')].map(([key, shape], index) => {
    const fanIn = Math.max(1, count(shape.slice(1)));
    return [key, { shape, values: numbers(count(shape), Math.sqrt(6 / fanIn), index) }] as const;
  });
  const bytes = smoothGraph(new NetworkWeights(new Map(tensors)), 'float32');
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const inputs = networkTensors.smooth.inputs.filter(({ name }) => name !== FIRST_FRAME);
  const feeds = inputs.map(({ name, shape }, seed) => {
    return [name, new ort.Tensor('float32', numbers(count(shape), 100, seed), shape)] as const;
  });
  const from = async (first: number): Promise<Float32Array> => {
    const wanted = new ort.Tensor('float32', Float32Array.of(first), [1]);
    return (await session.run({ ...Object.fromEntries(feeds), [FIRST_FRAME]: wanted }))['delta_target']!
      .data as Float32Array;
  };

  const whole = await from(0);

  const scale = Math.max(...whole.map(Math.abs));
  expect(new Set(whole).size).toBeGreaterThan(whole.length / 2);
  for (const first of [1, 2, 3, 5, 6]) {
    const part = await from(first);
    expect(part.subarray(0, first * POINTS).every((value) => value === 0)).toBe(true);
    for (let at = first * POINTS; at < whole.length; at += 1) {
      expect(Math.abs(part[at]! - whole[at]!)).toBeLessThan(1e-5 * scale);
    }
  }
  await session.release();
});
