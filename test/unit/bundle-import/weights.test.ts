import { describe, expect, it } from 'vitest';
import { foldBatchNorm } from '../../../src/bundle-import/backbone-graph.ts';
import { NetworkWeights } from '../../../src/bundle-import/network-weights.ts';
import { selectChannels } from '../../../src/bundle-import/regression-graph.ts';
import { timeAsChannels } from '../../../src/bundle-import/smooth-graph.ts';

const taps = (first: number): number[] => Array.from({ length: 9 }, (_item, tap) => first + tap);

describe('foldBatchNorm', () => {
  it('makes a convolution and its batch norm one convolution', () => {
    const tensor = (...values: number[]): { shape: number[]; values: Float32Array } => ({
      shape: [values.length],
      values: Float32Array.from(values),
    });
    const weights = new NetworkWeights(
      new Map([
        ['conv', { shape: [2, 1, 1, 1], values: Float32Array.of(3, -5) }],
        ['bn.weight', tensor(2, 0.5)],
        ['bn.bias', tensor(0.25, -1)],
        ['bn.running_mean', tensor(4, 1)],
        ['bn.running_var', tensor(9, 0)],
      ]),
    );

    const { kernel, bias } = foldBatchNorm(weights, 'conv', 'bn');

    for (const [channel, input] of [
      [0, 7],
      [1, -2],
    ] as const) {
      const plain = input * [3, -5][channel]!;
      const expected =
        ((plain - [4, 1][channel]!) / Math.sqrt([9, 0][channel]! + 1e-5)) * [2, 0.5][channel]! + [0.25, -1][channel]!;
      expect(kernel[channel]! * input + bias[channel]!).toBeCloseTo(expected, 3);
    }
  });
});

describe('selectChannels', () => {
  it('reorders the input channels of a kernel and fills with zeros', () => {
    const kernel = Float32Array.from([...taps(0), ...taps(100), ...taps(200), ...taps(300)]);

    const chosen = selectChannels(kernel, 2, [1, 0, -1]);

    expect([...chosen]).toEqual([
      ...taps(100),
      ...taps(0),
      ...taps(0).map(() => 0),
      ...taps(300),
      ...taps(200),
      ...taps(0).map(() => 0),
    ]);
  });
});

describe('timeAsChannels', () => {
  it('puts the frames of a kernel over time one after the other', () => {
    const kernel = Float32Array.from({ length: 2 * 3 * 5 * 9 }, (_item, index) => index);

    const flat = timeAsChannels(kernel, 3);

    // Output 1, frame 4, input 2, tap 8 of [O, time, I, 9] is output 1, input 2, frame 4, tap 8 of [O, I, time, 9].
    expect(flat[((1 * 5 + 4) * 3 + 2) * 9 + 8]).toBe(((1 * 3 + 2) * 5 + 4) * 9 + 8);
    expect(flat[((0 * 5 + 1) * 3 + 2) * 9 + 0]).toBe(((0 * 3 + 2) * 5 + 1) * 9 + 0);
  });
});
