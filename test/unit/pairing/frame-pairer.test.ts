import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CameraIndex } from '../../../src/contract/pixels.ts';
import { FramePairer, type FramePair, type FramePairerOptions } from '../../../src/pairing/frame-pairer.ts';
import { aFrame, type CountedFrame } from '../../helpers/a-frame.ts';

const MS = 1000;

/** A pairer whose pairs are noted and released at once, as plain figures in ms. */
function aPairer(options: Partial<FramePairerOptions> = {}) {
  const pairs: { reference: number; target: number; skew: number; at: number; held: string }[] = [];
  const frames: CountedFrame[] = [];
  const pairer = new FramePairer({
    ...options,
    onPair: (pair: FramePair) => {
      pairs.push({
        reference: pair.reference.captureUs / MS,
        target: pair.target.captureUs / MS,
        skew: pair.skewUs / MS,
        at: pair.pairedUs / MS,
        held: `${pair.referenceIsHeld ? 'reference' : ''}${pair.targetIsHeld ? 'target' : ''}`,
      });
      pair.reference.release();
      pair.target.release();
    },
  });
  const offer = (camera: CameraIndex, captureMs: number, nowMs = captureMs): void => {
    const frame = aFrame(camera, captureMs * MS);
    frames.push(frame);
    pairer.offer(frame, nowMs * MS);
  };
  return { pairer, pairs, frames, offer };
}

/** Offers the frames of two cameras in the order of their arrival, ticking at every deadline in between. */
function run(
  arrivals: readonly { camera: CameraIndex; captureMs: number; arrivalMs: number }[],
  options: Partial<FramePairerOptions> = {},
) {
  const test = aPairer(options);
  for (const { camera, captureMs, arrivalMs } of [...arrivals].sort((a, b) => a.arrivalMs - b.arrivalMs)) {
    for (
      let due = test.pairer.nextDeadlineUs;
      due !== undefined && due <= arrivalMs * MS;
      due = test.pairer.nextDeadlineUs
    ) {
      test.pairer.tick(due);
    }
    test.offer(camera, captureMs, arrivalMs);
  }
  const due = test.pairer.nextDeadlineUs;
  if (due !== undefined) test.pairer.tick(due + 1_000_000);
  return test;
}

const stream = (
  camera: CameraIndex,
  count: number,
  intervalMs: number,
  phaseMs: number,
  delayMs: (index: number) => number = () => 0,
) =>
  Array.from({ length: count }, (_, index) => {
    const captureMs = 1000 + phaseMs + index * intervalMs;
    return { camera, captureMs, arrivalMs: captureMs + delayMs(index) };
  });

describe('FramePairer', () => {
  it('gives each reference frame the nearest target frame, whatever the phase and the jitter', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 39 }),
        fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 60, maxLength: 60 }),
        (phase, jitter) => {
          const { pairs, pairer } = run([
            ...stream(0, 30, 40, 0, (index) => jitter[index] ?? 0),
            ...stream(1, 31, 40, phase - 40, (index) => jitter[index + 29] ?? 0),
          ]);

          expect(pairs.map((pair) => pair.reference)).toEqual(stream(0, 30, 40, 0).map((frame) => frame.captureMs));
          expect(pairs.every((pair) => Math.abs(pair.skew) <= 20)).toBe(true);
          expect(pairer.stats).toMatchObject({ pairs: 30, heldTargets: 0, droppedReferences: 0 });
        },
      ),
    );
  });

  it('pairs at once when the target frame is there, without waiting for the next', () => {
    const { pairs } = run([...stream(0, 10, 40, 0), ...stream(1, 10, 40, -5)]);

    expect(pairs.every((pair) => pair.at === pair.reference)).toBe(true);
  });

  it('gives back every hold but those of the frames it keeps, and those when it is closed', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            camera: fc.constantFrom<CameraIndex>(0, 1),
            captureMs: fc.integer({ min: 0, max: 2000 }),
            arrivalMs: fc.integer({ min: 0, max: 2000 }),
          }),
          { maxLength: 60 },
        ),
        fc.integer({ min: -400, max: 400 }),
        (arrivals, offset) => {
          const { pairer, frames } = run(arrivals, { syncOffsetUs: offset * MS });

          expect(frames.filter((frame) => frame.holds > 0).length).toBeLessThanOrEqual(1 + 9 + 8);
          pairer.close();
          expect(frames.every((frame) => frame.holds === 0)).toBe(true);
        },
      ),
    );
  });

  it('never lets a reference frame wait beyond its deadline', () => {
    const { pairs } = run([...stream(0, 20, 40, 0), ...stream(1, 20, 40, 0, (index) => (index === 10 ? 300 : 1))]);

    expect(pairs.every((pair) => pair.at - pair.reference <= 60)).toBe(true);
    expect(pairs).toHaveLength(20);
  });

  it('holds the newest target frame and counts it when the target camera stops', () => {
    const { pairs, pairer } = run([...stream(0, 30, 40, 0), ...stream(1, 10, 40, 0)]);

    const held = pairs.filter((pair) => pair.held === 'target');
    expect(pairs).toHaveLength(30);
    expect(held).toHaveLength(20);
    expect(new Set(held.map((pair) => pair.target))).toEqual(new Set([1360]));
    expect(pairer.stats.heldTargets).toBe(20);
    // Once the camera is known to be silent nothing waits for it any more.
    expect(pairs.slice(-10).every((pair) => pair.at === pair.reference)).toBe(true);
  });

  it('lets the target drive while the reference camera is silent, and the reference again when it is back', () => {
    const { pairs, pairer } = run([...stream(0, 10, 40, 0), ...stream(0, 10, 40, 1200), ...stream(1, 40, 40, 10)]);

    const held = pairs.filter((pair) => pair.held === 'reference');
    expect(held.length).toBeGreaterThan(15);
    expect(new Set(held.map((pair) => pair.reference))).toEqual(new Set([1360]));
    expect(pairs.filter((pair) => pair.reference >= 2200 && pair.held === '').length).toBe(10);
    expect(pairer.stats.heldReferences).toBe(held.length);
  });

  it.each([
    [25, 10],
    [10, 25],
    [30, 25],
    [15, 30],
  ])('makes pairs at the rate of the reference: %i and %i frames a second', (referenceFps, targetFps) => {
    const { pairs } = run([
      ...stream(0, referenceFps * 2, 1000 / referenceFps, 0),
      ...stream(1, targetFps * 2 + 2, 1000 / targetFps, 7),
    ]);

    const longest = 1000 / Math.min(referenceFps, targetFps);
    const settled = pairs.slice(referenceFps / 2);
    expect(pairs.length).toBeGreaterThanOrEqual(referenceFps * 2 - 1);
    expect(settled.every((pair) => pair.held === '' && Math.abs(pair.skew) <= longest / 2 + 1)).toBe(true);
  });

  it.each([120, -120, 290, -290])('honours a sync offset of %i ms', (offset) => {
    const { pairs } = run([...stream(0, 60, 40, 0), ...stream(1, 60, 40, 0)], { syncOffsetUs: offset * MS });

    const settled = pairs.slice(12, -12);
    expect(settled.length).toBeGreaterThan(30);
    expect(settled.every((pair) => Math.abs(pair.target + offset - pair.reference) <= 20)).toBe(true);
  });

  it('makes no pair before both cameras gave a frame, and counts what it dropped', () => {
    const { pairs, pairer } = run(stream(0, 10, 40, 0));

    expect(pairs).toEqual([]);
    expect(pairer.stats.droppedReferences).toBe(10);
  });

  it('counts pairs beyond the largest skew that was set as held', () => {
    const { pairs } = run([...stream(0, 10, 40, 0), ...stream(1, 10, 40, 15)], { maxSkewUs: 10 * MS });

    expect(pairs.slice(1).every((pair) => pair.held === 'target')).toBe(true);
  });
});
