import { array, assert, boolean, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME_ALIGNMENT, FrameRing, GUARD_BYTES, type Frame } from '../../../src/contract/frame-ring.ts';
import { SharedMemoryPlan } from '../../../src/contract/memory-plan.ts';
import { i420Bytes } from '../../../src/contract/pixels.ts';

const SIZE = { widthPx: 32, heightPx: 16 };

function aRing(slots = 2): { ring: FrameRing; plan: SharedMemoryPlan } {
  const plan = new SharedMemoryPlan();
  const offset = plan.allocate(slots * FrameRing.slotStride(SIZE));
  return { ring: new FrameRing(plan.memory, offset, slots, 1, SIZE), plan };
}

describe('a frame ring', () => {
  it('hands out each slot once and none when all are held', () => {
    const { ring } = aRing();
    const first = ring.acquire();
    const second = ring.acquire();

    expect(first?.bytes.byteOffset).not.toBe(second?.bytes.byteOffset);
    expect(ring.acquire()).toBeUndefined();
    expect(ring.free).toBe(0);
  });

  it('gives a frame with its times that lies where it was written', () => {
    const { ring } = aRing();
    const writer = ring.acquire()!;
    writer.bytes[0] = 77;

    const frame = writer.commit(10, 20);

    expect(frame).toMatchObject({ camera: 1, size: SIZE, captureUs: 10, decodedUs: 20 });
    expect(frame.bytes[0]).toBe(77);
    expect(frame.bytes.length).toBe(i420Bytes(SIZE));
    expect(frame.byteOffset % FRAME_ALIGNMENT).toBe(0);
  });

  it('frees a slot after its last hold, or when it is abandoned', () => {
    const { ring } = aRing();
    const frame = ring.acquire()!.commit(0, 0);
    frame.retain();
    frame.release();
    expect(ring.free).toBe(1);
    frame.release();
    expect(ring.free).toBe(2);

    ring.acquire()!.abandon();
    expect(ring.free).toBe(2);
  });

  it('tells of holds that are given back too often or taken too late', () => {
    const { ring } = aRing();
    const frame = ring.acquire()!.commit(0, 0);
    frame.release();

    expect(() => frame.release()).toThrow(/too often/);
    expect(() => frame.retain()).toThrow(/free slot/);
  });

  it('never has two frames in one place, whatever is held and released', () => {
    assert(
      property(array(boolean(), { maxLength: 60 }), (acquires) => {
        const { ring } = aRing(3);
        const held: Frame[] = [];
        for (const isAcquire of acquires) {
          const frame = isAcquire ? ring.acquire()?.commit(0, 0) : undefined;
          if (frame !== undefined) held.push(frame);
          else held.shift()?.release();
          expect(new Set(held.map(({ byteOffset }) => byteOffset)).size).toBe(held.length);
          expect(ring.free).toBe(3 - held.length);
        }
      }),
    );
  });
});

describe('the plan of the shared memory', () => {
  it('gives parts that are aligned, apart from each other, inside the guards and zeroed', () => {
    assert(
      property(array(integer({ min: 1, max: 3_000_000 }), { minLength: 1, maxLength: 12 }), (sizes) => {
        const plan = new SharedMemoryPlan();
        let end = GUARD_BYTES;
        for (const bytes of sizes) {
          const offset = plan.allocate(bytes);
          expect(offset % FRAME_ALIGNMENT).toBe(0);
          expect(offset).toBeGreaterThanOrEqual(end);
          end = offset + bytes;
          expect(plan.memory.buffer.byteLength).toBeGreaterThanOrEqual(end + GUARD_BYTES);
        }
        expect(new Uint8Array(plan.memory.buffer, end - 1, 1)[0]).toBe(0);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses more than it may have', () => {
    expect(() => new SharedMemoryPlan().allocate(2 ** 31)).toThrow(RangeError);
  });
});
