import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type OwnedChild, spawnChild } from '../../src/process/child.ts';
import { ROOT } from './seamline-server.ts';

/** Size of the pictures in units of 20 px; the clips are 1280×720. */
const UNITS = { width: 64, height: 36 } as const;
const UNIT_PX = 20;
/** The number stands in the middle: eight bars of 4 × 16 units, the lowest bit first. */
const BITS = 8;
const BAR = { left: 16, top: 10, width: 4, height: 16 } as const;
const GREY = 90;
const FRAMES = 200;

/** A decoded picture. */
export interface I420Picture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly bytes: Uint8Array;
}

/** Where a view lies on a panorama, pixels. */
export interface Placing {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Luma, U and V of a pixel. */
export function pixelOf({ widthPx, heightPx, bytes }: I420Picture, x: number, y: number): [number, number, number] {
  const pixels = widthPx * heightPx;
  const chroma = Math.floor(y / 2) * (widthPx / 2) + Math.floor(x / 2);
  return [bytes[Math.floor(y) * widthPx + Math.floor(x)]!, bytes[pixels + chroma]!, bytes[pixels * 1.25 + chroma]!];
}

/** The number of a numbered view, modulo 200. */
export function numberAt(picture: I420Picture, { x, y, width, height }: Placing): number {
  let number = 0;
  for (let bit = 0; bit < BITS; bit += 1) {
    const [luma] = pixelOf(
      picture,
      x + (width * (BAR.left + (bit + 0.5) * BAR.width)) / UNITS.width,
      y + (height * (BAR.top + BAR.height / 2)) / UNITS.height,
    );
    if (luma > 126) number |= 1 << bit;
  }
  return number;
}

/** How many pictures the second number is behind the first, when both clips run in the same loop. */
export function picturesBehind(first: number, second: number): number {
  const behind = (first - second + FRAMES) % FRAMES;
  return behind > FRAMES / 2 ? behind - FRAMES : behind;
}

function picture(number: number, u: number, v: number): Buffer {
  const { width, height } = UNITS;
  const bytes = Buffer.alloc(width * height * 3);
  bytes
    .fill(GREY, 0, width * height)
    .fill(u, width * height, width * height * 2)
    .fill(v, width * height * 2);
  for (let bit = 0; bit < BITS; bit += 1) {
    const left = BAR.left + bit * BAR.width;
    for (let y = BAR.top; y < BAR.top + BAR.height; y += 1) {
      bytes.fill((number >> bit) & 1 ? 235 : 16, y * width + left, y * width + left + BAR.width);
    }
  }
  return bytes;
}

async function writeClip(path: string, u: number, v: number): Promise<void> {
  const size = `${UNITS.width}x${UNITS.height}`;
  const input = ['-f', 'rawvideo', '-pix_fmt', 'yuv444p', '-s', size, '-r', '25', '-i', 'pipe:0'];
  const scale = `scale=iw*${UNIT_PX}:ih*${UNIT_PX}:flags=neighbor,format=yuv420p`;
  const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '25', '-bf', '0'];
  const child = spawn('ffmpeg', ['-v', 'error', ...input, '-vf', scale, ...coding, '-y', path], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  for (let number = 0; number < FRAMES; number += 1) child.stdin.write(picture(number, u, v));
  child.stdin.end();
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
}

/**
 * Two cameras in step whose pictures tell their number: grey, reddish on the left, bluish on the right, 1280×720 at
 * 25 a second, in a loop of 200.
 * @param folder where the clips are written
 */
export async function startNumberedCameras(
  folder: string,
): Promise<{ left: string; right: string; child: OwnedChild }> {
  const files = [join(folder, 'left.mp4'), join(folder, 'right.mp4')] as const;
  await Promise.all([writeClip(files[0], 100, 170), writeClip(files[1], 170, 100)]);
  const child = spawnChild({
    command: process.execPath,
    args: [join(ROOT, 'dist/demo/cameras.main.js'), '0', ...files],
  });
  const [first] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const port = /ready (\d+)/.exec(first)?.[1] ?? '';
  return { left: `rtsp://127.0.0.1:${port}/left`, right: `rtsp://127.0.0.1:${port}/right`, child };
}
