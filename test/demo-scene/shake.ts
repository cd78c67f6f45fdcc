import { farPlaneHomography, HEIGHT, MARGIN, PHOTOMETRY, poses, TALL, WIDE, WIDTH } from './rigs.ts';
import type { ViewName } from './rigs.ts';
import { toneTables } from './tone.ts';

const PHASES = 512;
/** Weights of the four neighbours (Catmull-Rom) for every phase between two samples. */
const CUBIC = Float32Array.from({ length: PHASES * 4 }, (_, i) => {
  const t = Math.floor(i / 4) / PHASES;
  const weights = [
    ((2 - t) * t - 1) * t * 0.5,
    ((3 * t - 5) * t * t + 2) * 0.5,
    ((4 - 3 * t) * t + 1) * t * 0.5,
    (t - 1) * t * t * 0.5,
  ];
  return weights[i % 4]!;
});

/** The middle of a wide picture (RGBA, bottom row first) as RGBA with the top row first: the fixed camera's view. */
export function cropView(wide: Buffer): Buffer {
  const out = Buffer.alloc(WIDTH * HEIGHT * 4);
  for (let y = 0; y < HEIGHT; y += 1) {
    const from = ((TALL - 1 - MARGIN - y) * WIDE + MARGIN) * 4;
    wide.copy(out, y * WIDTH * 4, from, from + WIDTH * 4);
  }
  return out;
}

/**
 * The shaken views. A camera that turns about its optical centre sees the same picture through a homography, whatever
 * the scene's depth, so they are read from the wide pictures of the fixed cameras by bicubic interpolation, developed
 * with their own exposure and white balance.
 */
export class ShakenCamera {
  private readonly planes = [0, 1, 2].map(() => new Float32Array(WIDE * TALL));
  private readonly tables: Float32Array[];
  private readonly view: ViewName;

  /** The camera of one view of the shaken pair. */
  constructor(view: ViewName) {
    this.view = view;
    this.tables = toneTables(PHOTOMETRY.shaken[view]);
  }

  private develop(wide: Buffer): void {
    this.planes.forEach((plane, channel) => {
      const table = this.tables[channel]!;
      for (let y = 0; y < TALL; y += 1) {
        let from = (TALL - 1 - y) * WIDE * 4 + channel;
        for (let at = y * WIDE; at < (y + 1) * WIDE; at += 1, from += 4) plane[at] = table[wide[from]!]!;
      }
    });
  }

  /** The view of a frame, RGBA with the top row first, from the wide picture of the same frame. */
  look(wide: Buffer, frame: number): Buffer {
    this.develop(wide);
    const [red, green, blue] = this.planes as [Float32Array, Float32Array, Float32Array];
    const [a, b, c, d, e, f, g, h, i] = farPlaneHomography(
      poses('shaken', this.view)[frame]!,
      poses('calm', this.view)[0]!,
    );
    const out = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
    let to = 0;
    for (let row = 0; row < HEIGHT; row += 1) {
      for (let column = 0; column < WIDTH; column += 1) {
        const [x, y] = [column + 0.5, row + 0.5];
        const w = 1 / (g * x + h * y + i);
        const u = (a * x + b * y + c) * w + MARGIN - 0.5;
        const v = (d * x + e * y + f) * w + MARGIN - 0.5;
        const [left, top] = [Math.floor(u), Math.floor(v)];
        const across = Math.floor((u - left) * PHASES) * 4;
        const down = Math.floor((v - top) * PHASES) * 4;
        let [sumRed, sumGreen, sumBlue] = [0, 0, 0];
        for (let j = 0; j < 4; j += 1) {
          for (let k = 0; k < 4; k += 1) {
            const weight = CUBIC[down + j]! * CUBIC[across + k]!;
            const at = (top - 1 + j) * WIDE + left - 1 + k;
            sumRed += weight * red[at]!;
            sumGreen += weight * green[at]!;
            sumBlue += weight * blue[at]!;
          }
        }
        out[to] = sumRed;
        out[to + 1] = sumGreen;
        out[to + 2] = sumBlue;
        out[to + 3] = 255;
        to += 4;
      }
    }
    return Buffer.from(out.buffer);
  }
}
