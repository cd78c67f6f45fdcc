import { describe, expect, it } from 'vitest';
import type { Frame, FrameRing } from '../../../src/contract/frame-ring.ts';
import { SharedMemoryPlan } from '../../../src/contract/memory-plan.ts';
import type { CameraIndex } from '../../../src/contract/pixels.ts';
import type { ViewSizes } from '../../../src/geometry/canvas.ts';
import { ViewScaler } from '../../../src/pipeline/view-scaler.ts';
import { ViewSet } from '../../../src/pipeline/view-set.ts';

const NATIVE = { widthPx: 320, heightPx: 180 };

/** Two cameras of 320 × 180 with a scaler over them; `frame` gives one of the ring that a camera fills. */
function twoCameras() {
  const views = new ViewSet(new SharedMemoryPlan(), 1280);
  const rings: FrameRing[] = [views.createRing(0, NATIVE), views.createRing(1, NATIVE)];
  const running = [true, true];
  const switched: { sizes: ViewSizes; missing: readonly CameraIndex[] }[] = [];
  const prepared: ViewSizes[] = [];
  const cameras = rings.map((_, index) => ({
    get isRunning() {
      return running[index] ?? false;
    },
    useRing: (ring: FrameRing) => {
      wanted[index] = ring;
    },
  }));
  const wanted: (FrameRing | undefined)[] = [];
  const scaler = new ViewScaler({
    views,
    cameras: () => cameras,
    prepare: async (sizes) => void prepared.push(sizes),
    onSwitched: (sizes, missing) => switched.push({ sizes, missing }),
    onError: (error) => {
      throw error;
    },
  });
  const frame = (camera: CameraIndex): Frame => {
    const taken = rings[camera]!.acquire()!.commit(0, 0);
    taken.release();
    return taken;
  };
  /** The camera's next key frame: it fills the ring that it was told to. */
  const turn = (camera: CameraIndex): void => {
    rings[camera] = wanted[camera] ?? rings[camera]!;
  };
  return { views, scaler, frame, turn, running, switched, prepared, settle: () => new Promise(setImmediate) };
}

describe('another working size', () => {
  it('comes when both cameras have turned to it, and until then frames of the old size are used', async () => {
    const { views, scaler, frame, turn, switched, prepared, settle } = twoCameras();

    scaler.request(0.5);
    await settle();
    expect(prepared).toEqual([views.sizesAt(0.5)]);
    expect([scaler.admits(frame(0)), scaler.admits(frame(1))]).toEqual([true, true]);

    turn(0);
    expect([scaler.admits(frame(0)), scaler.admits(frame(1))]).toEqual([false, true]);
    expect(switched).toEqual([]);

    const old = frame(1);
    turn(1);
    expect(scaler.admits(frame(1))).toBe(true);
    expect(switched).toEqual([{ sizes: views.sizesAt(0.5), missing: [] }]);
    expect([scaler.admits(frame(0)), scaler.admits(old)]).toEqual([true, false]);
    expect(views.sizes?.reference).toEqual({ widthPx: 160, heightPx: 90 });
  });

  it('does not wait for a camera that is away', async () => {
    const { scaler, frame, turn, running, switched, settle } = twoCameras();
    running[1] = false;

    scaler.request(0.5);
    await settle();
    turn(0);

    expect(scaler.admits(frame(0))).toBe(true);
    expect(switched.map(({ missing }) => missing)).toEqual([[1]]);
  });

  it('may be taken back before both have turned', async () => {
    const { views, scaler, frame, turn, switched, settle } = twoCameras();
    scaler.request(0.5);
    await settle();
    turn(0);

    scaler.request(1);
    await settle();
    expect([scaler.admits(frame(0)), scaler.admits(frame(1))]).toEqual([false, true]);
    turn(0);
    expect([scaler.admits(frame(0)), scaler.admits(frame(1))]).toEqual([true, true]);

    expect(switched).toEqual([]);
    expect(views.sizes).toEqual(views.sizesAt(1));
  });

  it('uses the same memory again when it comes again', () => {
    const views = new ViewSet(new SharedMemoryPlan(), 1280);
    const full = views.createRing(0, NATIVE);

    views.nextScale(0.5);
    const half = views.ring(0);
    views.nextScale(1);

    expect(views.ring(0)).toBe(full);
    expect(half).not.toBe(full);
    views.nextScale(0.5);
    expect(views.createRing(0, NATIVE)).toBe(half);
  });
});
