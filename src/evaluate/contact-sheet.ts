import { basename } from 'node:path';
import { SeamlineError } from '../common/seamline-error.ts';
import type { Picture } from '../model-tools/picture.ts';
import { spawnChild } from '../process/child.ts';
import type { Evaluated } from './evaluate-case.ts';
import type { Alignment } from './measure.ts';
import { PLANE_WIDTH_PX } from './plane-picture.ts';
import { badness } from './summary.ts';

const KEPT = 10;
/** Left, right, half and half of ours, half and half of the first baseline. */
const COLUMNS = 4;
const GREY = 64;

interface Strip {
  readonly name: string;
  readonly badness: number;
  readonly picture: Picture;
}

/** Keeps the worst ten cases while they go by and draws them below each other, the worst one first. */
export class ContactSheet {
  #strips: Strip[] = [];

  /** Names from top to bottom. */
  get names(): string[] {
    return this.#strips.map(({ name }) => name);
  }

  add(evaluated: Evaluated): void {
    const bad = badness(evaluated.row);
    if (bad === -Infinity || evaluated.left.heightPx === 0) return;
    if (this.#strips.length === KEPT && bad <= this.#strips.at(-1)!.badness) return;
    const strip = { name: evaluated.row.name, badness: bad, picture: stripOf(evaluated) };
    this.#strips = [...this.#strips, strip].sort((a, b) => b.badness - a.badness).slice(0, KEPT);
  }

  /** @throws SeamlineError `ffmpeg-failed` */
  async write(ffmpeg: string, path: string): Promise<void> {
    if (this.#strips.length === 0) return;
    const rgb = Buffer.concat(this.#strips.map(({ picture }) => picture.rgb));
    const size = `${COLUMNS * PLANE_WIDTH_PX}x${rgb.length / (3 * COLUMNS * PLANE_WIDTH_PX)}`;
    const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', size, '-i', 'pipe:0'];
    const child = spawnChild({ command: ffmpeg, args: ['-v', 'error', '-y', ...input, '-frames:v', '1', path] });
    child.stdin.end(rgb);
    child.stdout.resume();
    const { exitCode, stderrTail } = await child.exited;
    if (exitCode !== 0) throw new SeamlineError('ffmpeg-failed', `${basename(path)}: ${stderrTail.at(-1) ?? ''}`);
  }
}

function stripOf({ left, right, ours, baseline }: Evaluated): Picture {
  const heightPx = Math.max(left.heightPx, right.heightPx) + 8;
  const rgb = new Uint8Array(COLUMNS * PLANE_WIDTH_PX * heightPx * 3).fill(GREY);
  const pictures = [left, right, halfAndHalf(left, ours), halfAndHalf(left, baseline)];
  for (const [column, picture] of pictures.entries()) {
    const stride = PLANE_WIDTH_PX * 3;
    for (let y = 0; y < (picture?.heightPx ?? 0); y += 1) {
      rgb.set(picture!.rgb.subarray(y * stride, (y + 1) * stride), (y * COLUMNS + column) * stride);
    }
  }
  return { widthPx: COLUMNS * PLANE_WIDTH_PX, heightPx, rgb };
}

/** The left picture with half of the warped right one over it: what is not aligned shows twice. */
function halfAndHalf(left: Picture, alignment: Alignment | undefined): Picture | undefined {
  if (alignment === undefined) return undefined;
  const { mask, picture } = alignment.warped;
  const rgb = left.rgb.map((value, index) =>
    mask[Math.floor(index / 3)] === 1 ? (value + picture.rgb[index]!) >> 1 : value >> 1,
  );
  return { ...left, rgb };
}
