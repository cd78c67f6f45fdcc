import { monotonicClock } from '../common/clock.ts';
import { SafeUrl } from '../common/safe-url.ts';
import { FrameRing, type Frame } from '../contract/frame-ring.ts';
import type { CameraStatus } from '../contract/job-messages.ts';
import { SharedMemoryPlan } from '../contract/memory-plan.ts';
import type { Size } from '../contract/pixels.ts';
import type { ProbeFinding, ProbeRequest, ProbeResult } from '../contract/probe-messages.ts';
import { CameraSource } from '../ingest/camera-source.ts';
import { silentLogger } from '../logging/logger.ts';
import { SourcePolicy } from '../net/source-policy.ts';
import { findFfmpeg } from '../process/ffmpeg.ts';
import { jpegOf } from './snapshot.ts';
import { workingSize } from './working-size.ts';

const PICTURE_WIDTH_PX = 320;
const SLOTS = 4;
/** A server may send what it kept of the last second at once; the frame rate is measured behind that, µs. */
const BURST_US = 900_000;
/** Time in which the frame rate is measured, µs. */
const MEASURE_US = 1_200_000;

/** Connects to one camera until its first pictures, and says what it sends or why there are none. */
export async function probeCamera(request: ProbeRequest): Promise<ProbeResult> {
  const ffmpeg = await findFfmpeg(request.ffmpegPath);
  const policy = new SourcePolicy(request.sourcePolicy);
  const startedUs = monotonicClock.nowUs();
  let firstUs: number | undefined;
  let newest: Frame | undefined;
  const arrivals: number[] = [];
  const ended = endOfProbe();
  const source: CameraSource = new CameraSource({
    camera: 0,
    url: SafeUrl.parse(request.url, ['rtsp', 'rtsps']),
    transport: request.transport,
    mode: request.ingest,
    clock: monotonicClock,
    ffmpeg,
    connectTimeoutMs: request.connectTimeoutMs,
    stallTimeoutMs: request.connectTimeoutMs,
    createRing,
    onFrame: (frame) => {
      newest?.release();
      newest = frame;
      const nowUs = monotonicClock.nowUs();
      firstUs ??= nowUs;
      if (nowUs - firstUs < BURST_US) return;
      arrivals.push(nowUs);
      if (nowUs - firstUs > BURST_US + MEASURE_US) ended.settle('');
    },
    onStatus: () => watchFailure(source, request.ingest, ended.settle),
    resolveAddress: (host, port) => policy.resolve(host, port),
    log: silentLogger,
  });
  const late = setTimeout(() => ended.settle('the camera sent no picture in time'), request.timeoutMs);
  source.start();
  const reason = await ended.settled;
  clearTimeout(late);
  const status = source.status();
  const result: ProbeResult =
    newest === undefined || firstUs === undefined
      ? { kind: 'unreachable', reason }
      : { kind: 'found', finding: findingOf(status, arrivals, (firstUs - startedUs) / 1000, await pictureOf(newest)) };
  newest?.release();
  await source.close();
  return result;

  async function pictureOf(frame: Frame): Promise<string> {
    return Buffer.from(await jpegOf(frame.bytes, frame.size, ffmpeg)).toString('base64');
  }
}

function createRing(native: Size): FrameRing {
  const size = workingSize(native, PICTURE_WIDTH_PX);
  const plan = new SharedMemoryPlan();
  const byteOffset = plan.allocate(SLOTS * FrameRing.slotStride(size));
  return new FrameRing(plan.memory, byteOffset, SLOTS, 0, size);
}

/** A failure is final unless the other client is tried next, which shows as soon as the pause has been chosen. */
function watchFailure(source: CameraSource, mode: ProbeRequest['ingest'], settle: (reason: string) => void): void {
  const { client, reason } = source.status();
  if (reason === '') return;
  setImmediate(() => {
    const hasSwitched = mode === 'auto' && client === 'direct' && source.status().client === 'ffmpeg';
    if (!hasSwitched) settle(reason);
  });
}

function findingOf(
  status: CameraStatus,
  arrivals: readonly number[],
  firstPictureMs: number,
  picture: string,
): ProbeFinding {
  return {
    codec: status.codec ?? 'unknown',
    widthPx: status.widthPx ?? 0,
    heightPx: status.heightPx ?? 0,
    fps: rateOf(arrivals) ?? status.fps,
    client: status.client,
    firstPictureMs: Math.round(firstPictureMs),
    picture,
  };
}

/** Pictures a second, to a tenth; undefined when too few came to tell. */
function rateOf(arrivals: readonly number[]): number | undefined {
  const lengthUs = (arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0);
  return lengthUs <= 0 ? undefined : Math.round(((arrivals.length - 1) * 10_000_000) / lengthUs) / 10;
}

function endOfProbe(): { settled: Promise<string>; settle: (reason: string) => void } {
  let settle: (reason: string) => void = () => undefined;
  const settled = new Promise<string>((resolve) => {
    settle = resolve;
  });
  return { settled, settle };
}
