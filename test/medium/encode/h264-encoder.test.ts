import { execFileSync } from 'node:child_process';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, monotonicClock, SteppedClock } from '../../../src/common/clock.ts';
import type { AccessUnit, StreamFormat, StreamItem } from '../../../src/contract/access-unit.ts';
import { H264Encoder } from '../../../src/encode/h264-encoder.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { spawnChild } from '../../../src/process/child.ts';
import { type FfmpegInfo, findFfmpeg } from '../../../src/process/ffmpeg.ts';

const size = { widthPx: 320, heightPx: 192 };
const times = { capturedUs: 1, decodedUs: 2, pairedUs: 3, composedUs: 4 };

/** A flat grey picture in shared memory, as the composer hands out. */
function greyPicture(level: number): Uint8Array {
  const { widthPx, heightPx } = size;
  const bytes = new Uint8Array(new SharedArrayBuffer((widthPx * heightPx * 3) / 2));
  bytes.fill(level, 0, widthPx * heightPx);
  bytes.fill(128, widthPx * heightPx);
  return bytes;
}

class Collector {
  readonly units: AccessUnit[] = [];
  readonly formats: StreamFormat[] = [];
  readonly #waiters: { count: number; resolve: () => void }[] = [];

  readonly take = (item: StreamItem): void => {
    if (item.kind === 'format') this.formats.push(item.format);
    else this.units.push(item.unit);
    for (const waiter of this.#waiters) if (this.units.length >= waiter.count) waiter.resolve();
  };

  unitCount(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.units.length >= count) resolve();
      this.#waiters.push({ count, resolve });
    });
  }
}

/** AVCC units as an Annex B stream that ffmpeg decodes to mean lumas, one number a picture. */
async function decodedLevels(ffmpeg: FfmpegInfo, units: readonly AccessUnit[]): Promise<number[]> {
  const child = spawnChild({
    command: ffmpeg.path,
    args: [
      '-loglevel',
      'error',
      '-f',
      'h264',
      '-i',
      'pipe:0',
      '-vf',
      'scale=2:2',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'yuv420p',
      'pipe:1',
    ],
  });
  const bytes: number[] = [];
  child.stdout.on('data', (chunk: Buffer) => bytes.push(...chunk));
  for (const unit of units) {
    const view = new DataView(unit.data.buffer, unit.data.byteOffset, unit.data.length);
    for (let at = 0; at < unit.data.length; at += 4 + view.getUint32(at)) {
      child.stdin.write(new Uint8Array([0, 0, 0, 1]));
      child.stdin.write(unit.data.subarray(at + 4, at + 4 + view.getUint32(at)));
    }
  }
  child.stdin.end();
  await child.exited;
  return bytes.filter((_, index) => index % 6 === 0);
}

describe('H264Encoder', () => {
  let ffmpeg: FfmpegInfo;
  let encoder: H264Encoder;

  beforeAll(async () => {
    ffmpeg = await findFfmpeg();
  });
  afterEach(() => encoder.close());

  function start(sink: Collector, clock: Clock = monotonicClock): H264Encoder {
    encoder = new H264Encoder({
      settings: { size, fps: 25, bitrateKbps: 1000, encoder: 'libx264', preset: 'superfast', threads: 1 },
      ffmpeg,
      clock,
      random: () => 0.5,
      onItem: sink.take,
      log: silentLogger,
    });
    encoder.start();
    return encoder;
  }

  /** Writes one picture and waits for its access unit, so that none is dropped. */
  async function encodeOne(sink: Collector, level: number, ptsTicks: number): Promise<void> {
    const before = sink.units.length;
    expect(encoder.write(greyPicture(level), ptsTicks, times, () => undefined)).toBe(true);
    await sink.unitCount(before + 1);
  }

  it('gives one access unit for each picture, with its time, before the next picture is written', async () => {
    const sink = new Collector();
    start(sink);
    const levels = [40, 80, 120, 160, 200];

    for (const [index, level] of levels.entries()) await encodeOne(sink, level, 900_000 + index * 3600);

    expect(sink.formats).toHaveLength(1);
    expect(sink.formats[0]).toMatchObject({ widthPx: 320, heightPx: 192, fps: 25 });
    expect(sink.units.map((unit) => unit.ptsTicks)).toEqual(levels.map((_, index) => 900_000 + index * 3600));
    expect(sink.units.map((unit) => unit.isKeyframe)).toEqual([true, false, false, false, false]);
    const decoded = await decodedLevels(ffmpeg, sink.units);
    expect(decoded).toHaveLength(levels.length);
    decoded.forEach((level, index) => expect(Math.abs(level - levels[index]!)).toBeLessThan(4));
  });

  it('makes a key frame when one is asked for, at most one per half second', async () => {
    const sink = new Collector();
    const clock = new SteppedClock();
    start(sink, clock);
    await encodeOne(sink, 50, 0);

    encoder.requestKeyframe();
    for (let index = 1; index <= 20; index += 1) {
      clock.advance(40_000);
      await encodeOne(sink, 60, index * 3600);
    }

    // 13 · 40 ms is the first time that is half a second after the first key frame.
    expect(sink.units.flatMap((unit, index) => (unit.isKeyframe ? [index] : []))).toEqual([0, 13]);
  });

  it('makes a key frame every two seconds without being asked', async () => {
    const sink = new Collector();
    const clock = new SteppedClock();
    start(sink, clock);

    for (let index = 0; index <= 10; index += 1) {
      await encodeOne(sink, 60, index * 90_000);
      clock.advance(1_000_000);
    }

    expect(sink.units.flatMap((unit, index) => (unit.isKeyframe ? [index] : []))).toEqual([0, 2, 4, 6, 8, 10]);
  });

  it('comes back with the same format and rising times after ffmpeg was killed', async () => {
    const sink = new Collector();
    start(sink);
    await encodeOne(sink, 50, 10_000);

    const ours = execFileSync('pgrep', ['-P', String(process.pid), '-f', 'ffmpeg'], { encoding: 'utf8' })
      .trim()
      .split('\n');
    for (const pid of ours) process.kill(Number(pid), 'SIGKILL');
    let ticks = 13_600;
    const deadlineUs = monotonicClock.nowUs() + 120_000_000;
    while (sink.units.length < 3 && monotonicClock.nowUs() < deadlineUs) {
      encoder.write(greyPicture(70), ticks, times, () => undefined);
      ticks += 3600;
      await new Promise((resolve) => setTimeout(resolve, 40));
    }

    expect(sink.units.length).toBeGreaterThanOrEqual(3);
    expect(sink.formats).toHaveLength(1);
    expect(sink.units[1]?.isKeyframe).toBe(true);
    expect(sink.units[1]!.ptsTicks).toBeGreaterThan(10_000);
    expect(encoder.restarts).toBe(1);
    expect(encoder.dropped).toBeGreaterThan(0);
  });

  it('takes two pictures at once from a fast ffmpeg, and no line of them from one that has become slow', async () => {
    const sink = new Collector();
    const clock = new SteppedClock();
    start(sink, clock);
    let ptsTicks = 0;
    const write = (): boolean => encoder.write(greyPicture(60), (ptsTicks += 3600), times, () => undefined);
    /** Each comes out so long after it went in. */
    const encodeSlowly = async (count: number, tookUs: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        const done = sink.unitCount(sink.units.length + 1);
        expect(write()).toBe(true);
        clock.advance(tookUs);
        await done;
      }
    };
    const atOnce = async (): Promise<boolean[]> => {
      const taken = [write(), write(), write()];
      await sink.unitCount(sink.units.length + taken.filter(Boolean).length);
      clock.advance(40_000);
      return taken;
    };

    await encodeSlowly(10, 10_000);
    expect(await atOnce()).toEqual([true, true, false]);

    // A picture that takes half a second goes in when none is before it, and none goes in behind it.
    await encodeSlowly(20, 600_000);
    expect(await atOnce()).toEqual([true, false, false]);
    expect(encoder.dropped).toBe(3);

    await encodeSlowly(20, 10_000);
    expect(await atOnce()).toEqual([true, true, false]);
    expect(encoder.restarts).toBe(0);
  });

  it('takes none behind a picture that ffmpeg does not give back', async () => {
    const sink = new Collector();
    const clock = new SteppedClock();
    start(sink, clock);
    for (let index = 0; index < 10; index += 1) {
      await encodeOne(sink, 50, index * 3600);
      clock.advance(40_000);
    }

    expect(encoder.write(greyPicture(60), 36_000, times, () => undefined)).toBe(true);
    clock.advance(510_000);
    expect(encoder.write(greyPicture(60), 39_600, times, () => undefined)).toBe(false);
    await sink.unitCount(11);
    expect(encoder.write(greyPicture(60), 43_200, times, () => undefined)).toBe(true);
  });
});
