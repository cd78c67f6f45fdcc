import { execFileSync } from 'node:child_process';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, monotonicClock, SteppedClock } from '../../../src/common/clock.ts';
import type { Size } from '../../../src/contract/pixels.ts';
import type { AccessUnit, StreamFormat, StreamItem } from '../../../src/contract/access-unit.ts';
import { H264Encoder } from '../../../src/encode/h264-encoder.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { spawnChild } from '../../../src/process/child.ts';
import { type FfmpegInfo, findFfmpeg } from '../../../src/process/ffmpeg.ts';
import { processTree, SlowedProcesses } from '../../helpers/slowed-processes.ts';

const size = { widthPx: 320, heightPx: 192 };
const times = { capturedUs: 1, decodedUs: 2, pairedUs: 3, composedUs: 4 };

/** A flat grey picture in shared memory, as the composer hands out. */
function greyPicture(level: number, { widthPx, heightPx }: Size = size): Uint8Array {
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

  function start(sink: Collector, clock: Clock = monotonicClock, ofSize = size): H264Encoder {
    encoder = new H264Encoder({
      settings: { size: ofSize, fps: 25, bitrateKbps: 1000, encoder: 'libx264', preset: 'superfast', threads: 1 },
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
    const deadlineUs = monotonicClock.nowUs() + 20_000_000;
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

  it('keeps no line of pictures when ffmpeg gets next to no time', async () => {
    const large = { widthPx: 1602, heightPx: 902 };
    const sink = new Collector();
    start(sink, monotonicClock, large);
    const write = (level: number): void => {
      const nowUs = monotonicClock.nowUs();
      const now = { ...times, composedUs: nowUs };
      encoder.write(greyPicture(level, large), Math.round((nowUs * 9) / 100), now, () => undefined);
    };
    while (sink.units.length < 5) {
      write(40);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }

    // No other process of ours is of this level.
    const slowed = new SlowedProcesses(await processTree('-level 4.0 -bf 0'), 0.01);
    try {
      const before = sink.units.length;
      for (let count = 0; count < 250; count += 1) {
        write(40 + count);
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
      const slow = sink.units.slice(before).map((unit) => unit.times);
      expect(encoder.dropped).toBeGreaterThan(50);
      // Once it is known that a picture takes half a second, at most one is before the next.
      let compared = 0;
      for (let at = 6; at < slow.length; at += 1) {
        if (slow[at - 2]!.encodedUs - slow[at - 6]!.encodedUs < 2_000_000) continue;
        expect(slow[at]!.composedUs).toBeGreaterThanOrEqual(slow[at - 2]!.encodedUs);
        compared += 1;
      }
      expect(compared).toBeGreaterThan(0);
    } finally {
      slowed.release();
    }
  });
});
