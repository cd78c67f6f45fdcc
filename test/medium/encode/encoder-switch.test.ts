import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { monotonicClock, SteppedClock } from '../../../src/common/clock.ts';
import type { AccessUnit } from '../../../src/contract/access-unit.ts';
import { EncoderSwitch } from '../../../src/encode/encoder-switch.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { type FfmpegInfo, findFfmpeg } from '../../../src/process/ffmpeg.ts';
import { ProcessFamily } from '../../helpers/process-family.ts';

const size = { widthPx: 320, heightPx: 192 };
const times = { capturedUs: 0, decodedUs: 0, pairedUs: 0, composedUs: 0 };

/** Noise that costs bits, another one for each picture. */
function noise(seed: number): Uint8Array {
  const bytes = new Uint8Array((size.widthPx * size.heightPx * 3) / 2).fill(128);
  let state = seed + 1;
  for (let at = 0; at < size.widthPx * size.heightPx; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

describe('EncoderSwitch', () => {
  let ffmpeg: FfmpegInfo;
  let encoder: EncoderSwitch;

  beforeAll(async () => {
    ffmpeg = await findFfmpeg();
  });
  afterEach(() => encoder.close());

  it('changes the bit rate at a key frame, without a gap or a step back in time', async () => {
    const units: AccessUnit[] = [];
    const formats: string[] = [];
    encoder = new EncoderSwitch({
      settings: { size, fps: 25, bitrateKbps: 300, encoder: 'libx264', preset: 'superfast', threads: 1 },
      ffmpeg,
      clock: monotonicClock,
      random: () => 0.5,
      onItem: (item) => (item.kind === 'format' ? formats.push(item.format.sps.join()) : units.push(item.unit)),
      log: silentLogger,
    });
    encoder.start();
    let index = 0;
    const endUs = monotonicClock.nowUs() + 120_000_000;
    let written = 0;
    let changedAt: number | undefined;

    // Pictures at camera pace until the new rate has been in use for 25 of them.
    while (monotonicClock.nowUs() < endUs) {
      if (encoder.write(noise(index), index * 3600, times, () => undefined)) written += 1;
      index += 1;
      if (units.length >= 30) encoder.setBitrate(3000);
      if (encoder.bitrateKbps === 3000) changedAt ??= units.length;
      if (changedAt !== undefined && units.length >= changedAt + 25) break;
      await new Promise((resolve) => setTimeout(resolve, 40));
    }

    const ticks = units.map((unit) => unit.ptsTicks);
    expect(changedAt).toBeDefined();
    expect(ticks).toEqual([...new Set(ticks)].toSorted((a, b) => a - b));
    expect(written - units.length).toBeLessThanOrEqual(3);
    const after = units.slice((changedAt ?? 0) + 5);
    const mean = (list: readonly AccessUnit[]): number =>
      list.reduce((sum, unit) => sum + unit.data.length, 0) / list.length;
    expect(mean(after.filter((unit) => !unit.isKeyframe))).toBeGreaterThan(2 * mean(units.slice(5, 25)));
    expect(units.slice((changedAt ?? 0) - 2).some((unit) => unit.isKeyframe)).toBe(true);
    expect(new Set(formats).size).toBe(1);
  });

  it('waits no longer than a second for an old encoder that hangs', async () => {
    // A clock of its own: how busy the machine is changes nothing of what is waited.
    const clock = new SteppedClock();
    const leftAfterMs: number[] = [];
    encoder = new EncoderSwitch({
      settings: { size, fps: 7, bitrateKbps: 300, encoder: 'libx264', preset: 'superfast', threads: 1 },
      ffmpeg,
      clock,
      random: () => 0.5,
      onItem: (item) => {
        if (item.kind === 'access-unit') {
          leftAfterMs.push((clock.nowUs() - item.unit.times.encodedUs) / 1000);
        }
      },
      log: silentLogger,
    });
    encoder.start();
    const write = async (index: number): Promise<void> => {
      encoder.write(noise(index), index * 12_000, times, () => undefined);
      await new Promise((resolve) => setTimeout(resolve, 140));
      clock.advance(140_000);
    };
    let index = 0;
    for (; leftAfterMs.length < 5 && index < 100; index += 1) await write(index);
    const [old] = (await ProcessFamily.of(process.pid)).pidsOf('libx264');
    encoder.setBitrate(3000);
    process.kill(old!, 'SIGSTOP');

    for (; encoder.bitrateKbps !== 3000 && index < 200; index += 1) await write(index);
    const before = leftAfterMs.length;
    for (const end = index + 200; index < end && leftAfterMs.length <= before + 20; index += 1) await write(index);

    expect(encoder.bitrateKbps).toBe(3000);
    expect(leftAfterMs.length).toBeGreaterThan(before + 20);
    expect(Math.max(...leftAfterMs)).toBeLessThan(2000);
  });
});
