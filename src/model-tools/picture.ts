import { basename } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { withDeadline } from '../common/deadline.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { spawnChild } from '../process/child.ts';

const DEADLINE_MS = 20_000;

/** A decoded picture: 8-bit red, green, blue, interleaved, row by row. */
export interface Picture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly rgb: Uint8Array;
}

/**
 * Reads one picture file exactly as it is, in its own size.
 * @param ffmpeg path of the program
 * @throws SeamlineError `file-unreadable`
 */
export async function readPicture(ffmpeg: string, path: string): Promise<Picture> {
  const args = [
    '-hide_banner',
    '-v',
    'error',
    '-i',
    path,
    '-frames:v',
    '1',
    '-f',
    'image2pipe',
    '-c:v',
    'ppm',
    'pipe:1',
  ];
  const child = spawnChild({ command: ffmpeg, args });
  child.stdin.end();
  try {
    const bytes = await withDeadline(buffer(child.stdout), DEADLINE_MS, `reading ${basename(path)}`);
    const exit = await child.exited;
    if (exit.exitCode !== 0)
      throw new SeamlineError('file-unreadable', `${basename(path)} cannot be read as a picture`);
    return parsePpm(bytes, basename(path));
  } finally {
    child.kill();
  }
}

/** A binary Portable Pixmap with 8 bits (netpbm, format P6). @throws SeamlineError `file-unreadable` */
export function parsePpm(bytes: Uint8Array, file: string): Picture {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 64));
  const match = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(head);
  const [widthPx, heightPx] = [Number(match?.[1]), Number(match?.[2])];
  const rgb = bytes.subarray(match?.[0].length ?? 0);
  if (match === null || rgb.length !== widthPx * heightPx * 3) {
    throw new SeamlineError('file-unreadable', `${file} is not an 8-bit picture`);
  }
  return { widthPx, heightPx, rgb };
}

/** The picture as planes of the given order, (value − mean) / scale, as an imported bundle takes it. */
export function toPlanes(
  picture: Picture,
  input: { readonly pixels: string; readonly mean: number; readonly scale: number },
): Float32Array {
  const count = picture.widthPx * picture.heightPx;
  const planes = new Float32Array(3 * count);
  for (let plane = 0; plane < 3; plane += 1) {
    const channel = input.pixels === 'bgr' ? 2 - plane : plane;
    for (let pixel = 0; pixel < count; pixel += 1) {
      planes[plane * count + pixel] = ((picture.rgb[pixel * 3 + channel] ?? 0) - input.mean) / input.scale;
    }
  }
  return planes;
}
