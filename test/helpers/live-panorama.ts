import { monotonicClock } from '../../src/common/clock.ts';
import { H264Encoder } from '../../src/encode/h264-encoder.ts';
import type { StreamHub } from '../../src/egress/stream-hub.ts';
import { StreamRegistry } from '../../src/egress/stream-registry.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { findFfmpeg } from '../../src/process/ffmpeg.ts';

/** Size of the test picture. */
export const MARKED_SIZE = { widthPx: 640, heightPx: 352 } as const;

const { widthPx: WIDTH, heightPx: HEIGHT } = MARKED_SIZE;
/** Time of the first picture. Times are exact whatever the load of the machine, so that no player drops or repeats. */
const FIRST_TICKS = 90_000;
const MARK_BITS = 16;
const MARK_ROWS = 32;
/** Bytes of one I420 picture. */
export const MARKED_BYTES = (WIDTH * HEIGHT * 3) / 2;

/** Draws picture `number`: its 16 low bits as bars on top, a gradient that moves, the left half reddish, the right half bluish. */
export function drawMarked(target: Uint8Array, number: number): void {
  const chroma = WIDTH * HEIGHT;
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) target[y * WIDTH + x] = 40 + ((x + y + number * 3) % 128);
  }
  const barWidth = WIDTH / MARK_BITS;
  for (let bit = 0; bit < MARK_BITS; bit += 1) {
    const luma = (number >> bit) & 1 ? 235 : 16;
    for (let y = 0; y < MARK_ROWS; y += 1)
      target.fill(luma, y * WIDTH + bit * barWidth, y * WIDTH + (bit + 1) * barWidth);
  }
  for (let row = 0; row < HEIGHT / 2; row += 1) {
    const at = chroma + (row * WIDTH) / 2;
    target.fill(100, at, at + WIDTH / 4).fill(180, at + WIDTH / 4, at + WIDTH / 2);
    target.fill(180, at + chroma / 4, at + chroma / 4 + WIDTH / 4);
    target.fill(100, at + chroma / 4 + WIDTH / 4, at + chroma / 4 + WIDTH / 2);
  }
}

/** The number of a decoded picture, or undefined when its halves do not have their colours. */
export function readMarked(picture: Uint8Array): number | undefined {
  const chroma = WIDTH * HEIGHT;
  const u = (x: number): number => picture[chroma + ((HEIGHT / 4) * WIDTH) / 2 + x / 2]!;
  if (!(u(WIDTH / 4) < 120 && u((WIDTH * 3) / 4) > 160)) return undefined;
  let number = 0;
  for (let bit = 0; bit < MARK_BITS; bit += 1) {
    if (picture[(MARK_ROWS / 2) * WIDTH + ((bit + 0.5) * WIDTH) / MARK_BITS]! > 126) number |= 1 << bit;
  }
  return number;
}

/** The numbers of all whole pictures in raw I420 bytes. */
export function readAllMarked(bytes: Uint8Array): (number | undefined)[] {
  const numbers: (number | undefined)[] = [];
  for (let at = 0; at + MARKED_BYTES <= bytes.length; at += MARKED_BYTES)
    numbers.push(readMarked(bytes.subarray(at, at + MARKED_BYTES)));
  return numbers;
}

/** A real libx264 stream of marked pictures at 25 fps into a hub, with key frames on demand; what the players of the tests get. */
export class LivePanorama {
  readonly registry = new StreamRegistry(monotonicClock);
  readonly hub: StreamHub;
  readonly #encoder: H264Encoder;
  readonly #picture = new Uint8Array(MARKED_BYTES);
  #number = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(path: string, encoder: (hub: () => StreamHub) => H264Encoder) {
    let hub: StreamHub | undefined;
    this.#encoder = encoder(() => hub!);
    hub = this.registry.open(path, () => this.#encoder.requestKeyframe());
    this.hub = hub;
  }

  /**
   * Starts to stream; resolves when the format is known.
   * @param bitrateKbps high rates are for stalled readers
   * @param times `clock` for a camera beside others: on a busy machine exact ones fall ever further behind
   */
  static async start(path = 'live', bitrateKbps = 1000, times: 'exact' | 'clock' = 'exact'): Promise<LivePanorama> {
    const ffmpeg = await findFfmpeg();
    const live = new LivePanorama(
      path,
      (hub) =>
        new H264Encoder({
          settings: { size: MARKED_SIZE, fps: 25, bitrateKbps, encoder: 'libx264', preset: 'ultrafast', threads: 1 },
          ffmpeg,
          clock: monotonicClock,
          random: Math.random,
          onItem: (item) => hub().publish(item),
          log: silentLogger,
        }),
    );
    live.#encoder.start();
    const stages = { capturedUs: 0, decodedUs: 0, pairedUs: 0, composedUs: 0 };
    const startUs = monotonicClock.nowUs();
    live.#timer = setInterval(() => {
      drawMarked(live.#picture, live.#number);
      const sinceTicks =
        times === 'exact' ? live.#number * 3600 : Math.round((monotonicClock.nowUs() - startUs) * 0.09);
      if (live.#encoder.write(live.#picture.slice(), FIRST_TICKS + sinceTicks, stages, () => undefined))
        live.#number += 1;
    }, 40);
    await live.hub.waitForFormat(20_000);
    return live;
  }

  /** Number of the picture that is drawn next. */
  get number(): number {
    return this.#number;
  }

  /** Sends no more pictures, as a job that has stopped; the stream stays open. */
  pause(): void {
    clearInterval(this.#timer);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.registry.closeAll('the test is over');
    await this.#encoder.close();
  }
}
