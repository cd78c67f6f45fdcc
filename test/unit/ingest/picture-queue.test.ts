import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PictureQueue, type QueuedPicture } from '../../../src/ingest/picture-queue.ts';

const TICK_US = 1000;

/** What a camera sends. */
interface Stream {
  readonly fps: number;
  /** Pictures from one key frame to the next. */
  readonly gop: number;
  /** Pictures between two others that they lean on, which come after both. */
  readonly between: number;
  /** Pictures that the decoder holds back; as many as their order needs by default. */
  readonly heldBack?: number;
}

/** One picture that came out of the queue and its decoder. */
interface Out {
  readonly captureUs: number;
  readonly atUs: number;
  readonly waitedUs: number;
  readonly isShown: boolean;
}

interface Run {
  readonly sent: readonly number[];
  readonly out: readonly Out[];
  readonly queue: PictureQueue;
  readonly longestLine: number;
}

/** Places in the order of presentation of pictures 0, 1, 2 … in the order of decoding. */
function shownAt(index: number, { gop, between }: Stream): number {
  const inGop = index % gop;
  const start = index - inGop;
  const group = between + 1;
  if (inGop === 0) return start;
  const first = Math.floor((inGop - 1) / group) * group;
  const length = Math.min(group, gop - 1 - first);
  return start + ((inGop - 1) % group === 0 ? first + length : first + ((inGop - 1) % group));
}

/**
 * Plays a stream through a queue into a decoder that takes `serviceUs(now)` for each picture and gives those in order.
 * @param lateUs how much later than its time a picture arrives
 */
function play(stream: Stream, seconds: number, serviceUs: (nowUs: number) => number, lateUs = (_us: number) => 0): Run {
  const intervalUs = 1_000_000 / stream.fps;
  const input: QueuedPicture[] = [];
  const held: QueuedPicture[] = [];
  const sent: number[] = [];
  const out: Out[] = [];
  const takenUs = new Map<number, number>();
  const indexOf = new Map<number, number>();
  const queue = new PictureQueue({
    heldBack: 0,
    send: (picture) => {
      input.push(picture);
      sent.push(indexOf.get(picture.ptsTicks) ?? -1);
    },
  });
  let progressUs = 0;
  let needsKeyframe = true;
  let next = 0;
  let longestLine = 0;
  for (let nowUs = 0; nowUs < seconds * 1e6; nowUs += TICK_US) {
    while (next * intervalUs + lateUs(next * intervalUs) <= nowUs) {
      const isKeyframe = next % stream.gop === 0;
      const captureUs = shownAt(next, stream) * intervalUs;
      const ptsTicks = 900_000 + Math.round((captureUs * 9) / 100);
      indexOf.set(ptsTicks, next);
      if (isKeyframe && queue.skipToKeyframe(nowUs) > 0) needsKeyframe = true;
      if (isKeyframe || !needsKeyframe) {
        takenUs.set(ptsTicks, nowUs);
        needsKeyframe = queue.take({ ptsTicks, captureUs, data: new Uint8Array(1000) }, nowUs) > 0;
      }
      next += 1;
    }
    longestLine = Math.max(longestLine, queue.size);
    progressUs = input.length === 0 ? 0 : progressUs + TICK_US;
    if (input.length === 0 || progressUs < serviceUs(nowUs)) continue;
    progressUs = 0;
    held.push(input.shift()!);
    held.sort((a, b) => a.ptsTicks - b.ptsTicks);
    while (held.length > (stream.heldBack ?? Math.min(stream.between, 1))) {
      const { ptsTicks, captureUs } = held.shift()!;
      const { isLate, captureUs: told } = queue.decoded(ptsTicks, nowUs);
      expect(told).toBe(captureUs);
      out.push({ captureUs, atUs: nowUs, waitedUs: nowUs - takenUs.get(ptsTicks)!, isShown: !isLate });
    }
  }
  return { sent, out, queue, longestLine };
}

const streams = fc.record({
  fps: fc.constantFrom(5, 12.5, 25, 30),
  gop: fc.integer({ min: 1, max: 60 }),
  between: fc.constantFrom(0, 0, 1, 2),
});
/** Speeds that last a second each, ms for a picture: from a quick decoder to one that stands still. */
const speeds = fc.array(fc.constantFrom(2, 5, 20, 60, 150, 400, 900, 5000), { minLength: 1, maxLength: 10 });
const at =
  (perSecond: readonly number[], after = 2) =>
  (nowUs: number): number =>
    (perSecond[Math.floor(nowUs / 1e6)] ?? after) * 1000;

describe('the line before a decoder', () => {
  it('shows no picture that waited longer than two seconds and its stream’s own order, however slow the decoder', () => {
    fc.assert(
      fc.property(streams, speeds, (stream, perSecond) => {
        const { out } = play(stream, perSecond.length + 4, at(perSecond));
        const longestUs = 2_000_000 + (stream.between === 0 ? 0 : (stream.between + 4) * (1e6 / stream.fps)) + TICK_US;
        for (const { isShown, waitedUs } of out) if (isShown) expect(waitedUs).toBeLessThanOrEqual(longestUs);
      }),
      { numRuns: 150 },
    );
  });

  it('gives the decoder nothing that it could not decode, and everything in order', () => {
    fc.assert(
      fc.property(streams, speeds, (stream, perSecond) => {
        const { sent } = play(stream, perSecond.length + 2, at(perSecond));
        sent.forEach((index, place) => {
          if (index % stream.gop !== 0) expect(sent[place - 1]).toBe(index - 1);
          if (place > 0) expect(index).toBeGreaterThan(sent[place - 1]!);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('is up to date again a second and a group of pictures after the decoder has become fast', () => {
    fc.assert(
      fc.property(streams, speeds, (stream, perSecond) => {
        const gopUs = (stream.gop * 1e6) / stream.fps;
        const freshUs = (perSecond.length + 1) * 1e6 + gopUs;
        // The picture that a decoder is at may take as long as it likes.
        const { out } = play(stream, (freshUs + gopUs) / 1e6 + 2, at([...perSecond, 2]));
        const last = out.filter(({ atUs }) => atUs > freshUs);
        expect(last.length).toBeGreaterThan(stream.fps);
        const orderUs = (stream.between === 0 ? 0 : stream.between + 2) * (1e6 / stream.fps);
        for (const { isShown, waitedUs } of last) {
          expect(isShown).toBe(true);
          expect(waitedUs).toBeLessThanOrEqual(orderUs + 100_000);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('shows pictures now and then with a decoder that needs half a second for each, also after a worse time', () => {
    fc.assert(
      fc.property(streams, speeds, (stream, perSecond) => {
        const settledUs = (perSecond.length + 10 + (2 * stream.gop) / stream.fps) * 1e6;
        const seconds = settledUs / 1e6 + 10 + (2 * stream.gop) / stream.fps;
        const { out } = play(stream, seconds, at(perSecond, 500));
        const shown = out.filter(({ atUs, isShown }) => isShown && atUs > settledUs);
        expect(shown.length).toBeGreaterThan(2);
      }),
      { numRuns: 100 },
    );
  });

  it('loses nothing while the decoder keeps up', () => {
    fc.assert(
      fc.property(streams, fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 6 }), (stream, perSecond) => {
        const { sent } = play(stream, 8, at(perSecond, 4));
        expect(sent).toEqual(sent.map((_, index) => index));
        expect(sent.length).toBeGreaterThanOrEqual(Math.floor(stream.fps * 8) - 1);
      }),
      { numRuns: 50 },
    );
  });

  it('loses nothing when the machine has no time for a decoder now and then', () => {
    // 0.6 seconds without time in each two, then a quick decoder.
    const { sent, out } = play({ fps: 25, gop: 50, between: 0 }, 20, (us) => (us % 2e6 > 1.4e6 ? Infinity : 5000));

    expect(sent).toEqual(sent.map((_, index) => index));
    expect(out.every(({ isShown }) => isShown)).toBe(true);
  });

  it('decodes what a network brings late and all at once, and waits for no key frame', () => {
    // Nothing comes for three seconds; the next key frame is ten seconds away.
    const late = (us: number): number => (us > 2e6 && us < 5e6 ? 5e6 - us : 0);
    const { sent, out } = play({ fps: 25, gop: 250, between: 0 }, 8, () => 5000, late);

    expect(sent).toEqual(sent.map((_, index) => index));
    expect(out.every(({ isShown }) => isShown)).toBe(true);
  });

  it('keeps what comes while the decoder’s process starts, and begins with the newest key frame', () => {
    const startedUs = 2_500_000;
    const slowStart = (nowUs: number): number => (nowUs < startedUs ? Infinity : 4000);

    const long = play({ fps: 25, gop: 250, between: 0 }, 5, slowStart);
    const short = play({ fps: 25, gop: 25, between: 0 }, 5, slowStart);

    expect(long.sent).toEqual(long.sent.map((_, index) => index));
    expect(short.sent.slice(22, 27)).toEqual([22, 23, 50, 51, 52]);
    expect(short.longestLine).toBeLessThan(60);
  });

  it('goes on with a decoder that holds back more than its stream says', () => {
    const { sent, out } = play({ fps: 25, gop: 50, between: 0, heldBack: 7 }, 20, () => 3000);

    const last = sent.slice(-200);
    expect(last).toEqual(last.map((_, index) => last[0]! + index));
    expect(out.slice(-200).every(({ isShown, waitedUs }) => isShown && waitedUs < 400_000)).toBe(true);
  });

  it('tells how far behind the decoder is, and nothing before it has given a picture', () => {
    const queue = new PictureQueue({ heldBack: 0, send: () => undefined });
    const take = (index: number): void => {
      queue.take({ ptsTicks: index, captureUs: index * 40_000, data: new Uint8Array(9) }, index * 40_000);
    };
    for (let index = 0; index < 10; index += 1) take(index);
    expect(queue.backlogUs).toBe(0);

    queue.decoded(0, 380_000);
    expect(queue.backlogUs).toBe(8 * 40_000);

    for (let index = 1; index < 10; index += 1) queue.decoded(index, 380_000 + index * 5000);
    expect(queue.backlogUs).toBe(0);
  });

  it('keeps no more than eight megabytes', () => {
    let bytes = 0;
    const queue = new PictureQueue({ heldBack: 0, send: ({ data }) => (bytes -= data.length) });
    let refused = 0;
    for (let index = 0; index < 200; index += 1) {
      const data = new Uint8Array(200_000);
      bytes += data.length;
      const lost = queue.take({ ptsTicks: index, captureUs: index * 40_000, data }, index * 40_000);
      bytes -= lost * data.length;
      refused += lost;
      expect(bytes).toBeLessThanOrEqual(8 * 1024 * 1024);
    }
    expect(refused).toBeGreaterThan(0);
  });
});
