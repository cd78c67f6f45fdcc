import { withDeadline } from '../../common/deadline.ts';
import { SeamlineError } from '../../common/seamline-error.ts';
import type { Size } from '../../contract/pixels.ts';
import { spawnChild } from '../../process/child.ts';

const DEADLINE_MS = 60_000;

/**
 * Pictures of a video in order, scaled by area.
 * @param format `rgb24` (interleaved) or `gray`
 * @throws SeamlineError `file-unreadable`
 */
export async function* clipPictures(
  ffmpeg: string,
  path: string,
  size: Size,
  format: 'rgb24' | 'gray',
): AsyncGenerator<Uint8Array> {
  const scale = `scale=${size.widthPx}:${size.heightPx}:flags=area`;
  const args = ['-v', 'error', '-i', path, '-vf', scale, '-fps_mode', 'passthrough', '-pix_fmt', format];
  const child = spawnChild({ command: ffmpeg, args: [...args, '-f', 'rawvideo', 'pipe:1'] });
  child.stdin.end();
  const bytes = size.widthPx * size.heightPx * (format === 'gray' ? 1 : 3);
  let picture = new Uint8Array(bytes);
  let filled = 0;
  try {
    for await (const chunk of child.stdout as AsyncIterable<Uint8Array>) {
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + bytes - filled);
        picture.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < bytes) continue;
        yield picture;
        picture = new Uint8Array(bytes);
        filled = 0;
      }
    }
    const { exitCode } = await withDeadline(child.exited, DEADLINE_MS, 'reading a video');
    if (exitCode !== 0) throw new SeamlineError('file-unreadable', `${path} cannot be read`);
  } finally {
    child.kill();
  }
}
