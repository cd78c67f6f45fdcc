import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileKernels } from '../../../src/compose/kernel-module.ts';
import { SharedMemoryPlan } from '../../../src/contract/memory-plan.ts';
import { i420Bytes, type Size } from '../../../src/contract/pixels.ts';
import { Kernels, loadKernels, type RgbFormat } from '../../../src/kernels/index.ts';
import { blockSumsReference, scaleLumaReference } from '../../../src/kernels/reference-scale.ts';

const modules = [await compileKernels('simd'), await compileKernels('relaxed')] as const;

/** A picture in shared memory with room behind it for a result. */
function stage(size: Size, resultBytes: number, variant = 0) {
  const plan = new SharedMemoryPlan();
  const source = plan.allocate(i420Bytes(size));
  const result = plan.allocate(resultBytes);
  return {
    kernels: loadKernels(modules[variant]!, plan.memory),
    source,
    result,
    bytes: new Uint8Array(plan.memory.buffer, source, i420Bytes(size)),
    floats: (count: number) => new Float32Array(plan.memory.buffer, result, count),
    words: (count: number) => new Uint16Array(plan.memory.buffer, result, count),
  };
}

const even = (min: number, max: number) => fc.integer({ min: min / 2, max: max / 2 }).map((half) => half * 2);
const size = fc.record({ widthPx: even(2, 150), heightPx: even(2, 90) });
const pixels = (count: number) =>
  fc.oneof(
    fc.uint8Array({ minLength: count, maxLength: count }),
    fc.constantFrom(new Uint8Array(count), new Uint8Array(count).fill(255)),
  );

describe('scaleLuma', () => {
  it('gives what the scalar twin gives, bit by bit, for any two sizes', () => {
    const target = fc.record({
      widthPx: fc.integer({ min: 1, max: 20 }).map((quarter) => quarter * 4),
      heightPx: fc.integer({ min: 1, max: 60 }),
    });
    const input = size.chain((from) => fc.tuple(fc.constant(from), pixels(i420Bytes(from)), target, fc.nat(1)));
    fc.assert(
      fc.property(input, ([from, bytes, to, variant]) => {
        const { kernels, source, result, bytes: memory, floats } = stage(from, Kernels.lumaBytes(from, to), variant);
        memory.set(bytes);

        kernels.scaleLuma(source, from, result, to);

        expect(floats(to.widthPx * to.heightPx)).toEqual(scaleLumaReference(bytes, from, to));
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the mean of the picture and never leaves its range', () => {
    const from = { widthPx: 1280, heightPx: 720 };
    const to = { widthPx: 480, heightPx: 360 };
    const { kernels, source, result, bytes, floats } = stage(from, Kernels.lumaBytes(from, to));
    let sum = 0;
    for (let index = 0; index < 1280 * 720; index += 1) sum += bytes[index] = (index * 7919) % 251;

    kernels.scaleLuma(source, from, result, to);

    const scaled = floats(480 * 360);
    expect(scaled.reduce((total, value) => total + value, 0) / scaled.length).toBeCloseTo(sum / (1280 * 720), 2);
    expect(Math.min(...scaled.subarray(0, 5000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...scaled.subarray(0, 5000))).toBeLessThanOrEqual(250.001);
  });

  it('refuses a width it cannot write', () => {
    const from = { widthPx: 32, heightPx: 32 };
    const { kernels, source, result } = stage(from, 4096);

    expect(() => kernels.scaleLuma(source, from, result, { widthPx: 30, heightPx: 8 })).toThrow(RangeError);
  });
});

describe('blockSums', () => {
  it('adds up what the scalar twin adds up, whole blocks only', () => {
    const input = size.chain((from) => fc.tuple(fc.constant(from), pixels(i420Bytes(from))));
    fc.assert(
      fc.property(input, ([from, bytes]) => {
        const { kernels, source, result, bytes: memory, words } = stage(from, 4096);
        memory.set(bytes);

        kernels.blockSums(source, from, result);

        expect(words(Kernels.blockCount(from))).toEqual(blockSumsReference(bytes, from));
      }),
      { numRuns: 40 },
    );
  });

  it('tells which share of the picture changed', () => {
    const from = { widthPx: 64, heightPx: 32 };
    const { kernels, source, result, bytes } = stage(from, 4096);
    bytes.fill(100);
    kernels.blockSums(source, from, result);
    for (let y = 0; y < 16; y += 1) bytes.fill(104, y * 64, y * 64 + 16);
    kernels.blockSums(source, from, result + 1024);

    expect(kernels.changedShare(result, result + 1024, from, 3.5)).toBe(1 / 8);
    expect(kernels.changedShare(result, result + 1024, from, 4)).toBe(0);
  });
});

describe('scaleRgb', () => {
  const format: RgbFormat = { order: 'rgb', matrix: 'bt601', mean: 0, divisor: 1 };
  const from = { widthPx: 32, heightPx: 16 };
  const to = { widthPx: 10, heightPx: 6 };

  function scaled(y: number, u: number, v: number, options: RgbFormat): number[] {
    const { kernels, source, result, bytes, floats } = stage(from, 12 * 60);
    bytes.fill(y, 0, 512);
    bytes.fill(u, 512, 640);
    bytes.fill(v, 640);
    kernels.scaleRgb(source, from, result, to, options);
    const values = floats(180);
    return [values[0]!, values[60]!, values[120]!, values[59]!];
  }

  it('turns the limited range into colours of 0 to 255', () => {
    // Values of ITU-R BT.601 / BT.709 for full red, white and black.
    const near = (got: number[], wanted: number[]) =>
      got.forEach((value, index) => expect(Math.abs(value - wanted[index]!)).toBeLessThan(1.5));
    near(scaled(81, 90, 240, format), [255, 0, 0, 255]);
    near(scaled(63, 102, 240, { ...format, matrix: 'bt709' }), [255, 0, 0, 255]);
    near(scaled(235, 128, 128, format), [255, 255, 255, 255]);
    near(scaled(16, 128, 128, format), [0, 0, 0, 0]);
  });

  it('orders and normalises the planes as asked', () => {
    const [first, , last] = scaled(81, 90, 240, { order: 'bgr', matrix: 'bt601', mean: 127.5, divisor: 127.5 });

    expect(first).toBeCloseTo(-1, 1);
    expect(last).toBeCloseTo(1, 1);
  });

  it('samples the luma bilinearly at half-pixel centres', () => {
    const { kernels, source, result, bytes, floats } = stage(from, 12 * 128);
    for (let index = 0; index < 512; index += 1) bytes[index] = 16 + (index % 32) * 4;
    bytes.fill(128, 512);

    kernels.scaleRgb(source, from, result, { widthPx: 16, heightPx: 8 }, format);

    // Column 3 of 16 covers columns 6 and 7 of 32, whose mean is 4 · 6.5 above black.
    expect(floats(128)[3]).toBeCloseTo(4 * 6.5 * 1.164384, 2);
  });
});
