import { monotonicClock } from '../../src/common/clock.ts';
import { SafeUrl } from '../../src/common/safe-url.ts';
import { FrameRing } from '../../src/contract/frame-ring.ts';
import type { CameraStatus } from '../../src/contract/job-messages.ts';
import { SharedMemoryPlan } from '../../src/contract/memory-plan.ts';
import type { Size } from '../../src/contract/pixels.ts';
import { CameraSource, type CameraSourceOptions } from '../../src/ingest/camera-source.ts';
import { silentLogger, type Logger } from '../../src/logging/logger.ts';
import { findFfmpeg, type FfmpegInfo } from '../../src/process/ffmpeg.ts';
import { frameNumber } from './coded-video.ts';

/** One frame that a watched camera gave. */
export interface SeenFrame {
  /** What the picture says (`frameNumber`). */
  readonly number: number;
  readonly captureUs: number;
  readonly decodedUs: number;
  readonly size: Size;
  /** Mean of the luma plane. */
  readonly luma: number;
}

/** What of a source a test may change. */
export type WatchedOptions = Partial<Omit<CameraSourceOptions, 'createRing' | 'onFrame'>> & {
  readonly ringSize?: (native: Size) => Size;
  readonly slots?: number;
};

/** A CameraSource that notes what it sees; to be closed. */
export interface WatchedCamera {
  readonly source: CameraSource;
  readonly frames: SeenFrame[];
  /** Sizes that a ring was asked for. */
  readonly natives: Size[];
  /** Every status in which phase or reason changed. */
  readonly states: CameraStatus[];
  readonly lines: string[];
  /** Waits until the condition holds. @throws Error with the state when it does not in time */
  until(condition: () => boolean, what: string, deadlineMs?: number): Promise<void>;
  /** Asks for frames of another size. */
  resize(size: Size): void;
  /** Asks for frames of the first size again. */
  back(): void;
  close(): Promise<void>;
}

const POLL_MS = 10;
let ffmpeg: Promise<FfmpegInfo> | undefined;

/** Starts a source for the address. */
export async function watchCamera(url: string, options: WatchedOptions = {}): Promise<WatchedCamera> {
  const { ringSize = (native: Size) => native, slots = 6, ...rest } = options;
  const plan = new SharedMemoryPlan();
  const frames: SeenFrame[] = [];
  const natives: Size[] = [];
  const states: CameraStatus[] = [];
  const lines: string[] = [];
  const log: Logger = {
    ...silentLogger,
    info: (message, fields) => lines.push(`${message} ${JSON.stringify(fields)}`),
    warn: (message, fields) => lines.push(`${message} ${JSON.stringify(fields)}`),
  };
  const ringOf = (size: Size): FrameRing => {
    const offset = plan.allocate(slots * FrameRing.slotStride(size));
    return new FrameRing(plan.memory, offset, slots, 0, size);
  };
  let first: FrameRing | undefined;
  const source = new CameraSource({
    camera: 0,
    url: SafeUrl.parse(url, ['rtsp', 'rtsps']),
    transport: 'tcp',
    mode: 'direct',
    clock: monotonicClock,
    ffmpeg: await (ffmpeg ??= findFfmpeg()),
    connectTimeoutMs: 10_000,
    stallTimeoutMs: 2000,
    log,
    random: () => 0.5,
    ...rest,
    createRing: (native) => {
      natives.push(native);
      first = ringOf(ringSize(native));
      return first;
    },
    onFrame: (frame) => {
      const pixels = frame.size.widthPx * frame.size.heightPx;
      const luma = frame.bytes.subarray(0, pixels).reduce((sum, value) => sum + value, 0) / pixels;
      const { captureUs, decodedUs } = frame;
      frames.push({ number: frameNumber(frame.bytes, pixels), captureUs, decodedUs, size: frame.size, luma });
      frame.release();
    },
    onStatus: () => states.push(source.status()),
  });
  source.start();
  return {
    source,
    frames,
    natives,
    states,
    lines,
    until: async (condition, what, deadlineMs = 120_000) => {
      const endMs = performance.now() + deadlineMs;
      while (!condition()) {
        if (performance.now() > endMs) throw new Error(`${what} did not happen: ${JSON.stringify(source.status())}`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    resize: (size) => source.useRing(ringOf(size)),
    back: () => {
      if (first === undefined) throw new Error('there is no first size yet');
      source.useRing(first);
    },
    close: () => source.close(),
  };
}
