import { assert, asyncProperty, constantFrom, integer, record } from 'fast-check';
import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { costVolume, reverseCostVolume } from '../../../src/bundle-import/cost-volume-graph.ts';
import { GraphBuilder } from '../../../src/bundle-import/graph-builder.ts';

interface Size {
  readonly rows: number;
  readonly cols: number;
  readonly channels: number;
}

/** Features that differ everywhere and are the same in every run. */
const features = ({ rows, cols, channels }: Size, seed: number): Float32Array =>
  Float32Array.from({ length: rows * cols * channels }, (_item, index) => Math.sin(index * 12.9898 + seed * 78.233));

function byDefinition(a: Float32Array, b: Float32Array, size: Size, radius: number): number[] {
  const { rows, cols, channels } = size;
  const side = 2 * radius + 1;
  return Array.from({ length: side * side * rows * cols }, (_item, index) => {
    const [x, y] = [index % cols, Math.floor(index / cols) % rows];
    const [i, j] = [Math.floor(index / (cols * rows)) % side, Math.floor(index / (cols * rows * side))];
    const [otherX, otherY] = [x + i - radius, y + j - radius];
    if (otherX < 0 || otherY < 0 || otherX >= cols || otherY >= rows) return 0;
    let sum = 0;
    for (let c = 0; c < channels; c += 1)
      sum += a[(y * cols + x) * channels + c]! * b[(otherY * cols + otherX) * channels + c]!;
    const mean = sum / channels;
    return mean < 0 ? mean * 0.1 : mean;
  });
}

async function byGraph(
  a: Float32Array,
  b: Float32Array,
  size: Size,
  radius: number,
): Promise<[Float32Array, Float32Array]> {
  const graph = new GraphBuilder('test', 'float32');
  const shape = [size.rows * size.cols, size.channels];
  const cost = costVolume(graph, graph.input('a', shape), graph.input('b', shape), size, radius);
  const side = 2 * radius + 1;
  graph.output('forward', [size.rows * size.cols, side * side], cost);
  graph.output('backward', [side, side, size.rows, size.cols], reverseCostVolume(graph, cost, size, radius));
  const session = await ort.InferenceSession.create(graph.toBytes('test'), { intraOpNumThreads: 1 });
  const values = await session.run({ a: new ort.Tensor('float32', a, shape), b: new ort.Tensor('float32', b, shape) });
  await session.release();
  return [values['forward']!.data as Float32Array, values['backward']!.data as Float32Array];
}

const sizes = record({
  rows: integer({ min: 1, max: 9 }),
  cols: integer({ min: 1, max: 9 }).map((value) => value * 4),
  channels: constantFrom(4, 8),
  radius: integer({ min: 1, max: 3 }),
});

describe('costVolume', () => {
  it('is what its definition says, in both directions', async () => {
    await assert(
      asyncProperty(sizes, async ({ radius, ...size }) => {
        const [a, b] = [features(size, 1), features(size, 2)];
        const side = 2 * radius + 1;
        const plane = size.rows * size.cols;

        const [forward, backward] = await byGraph(a, b, size, radius);

        byDefinition(a, b, size, radius).forEach((value, index) => {
          const [channel, cell] = [Math.floor(index / plane), index % plane];
          expect(forward[cell * side * side + channel]).toBeCloseTo(value, 5);
        });
        const expected = byDefinition(b, a, size, radius);
        backward.forEach((value, index) => {
          const channel = side * side - 1 - Math.floor(index / plane);
          expect(value).toBeCloseTo(expected[channel * plane + (index % plane)]!, 5);
        });
      }),
      { numRuns: 25 },
    );
  });
});
