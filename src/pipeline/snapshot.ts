import { SeamlineError } from '../common/seamline-error.ts';
import type { Size } from '../contract/pixels.ts';
import { spawnChild } from '../process/child.ts';
import { ffmpegArguments, type FfmpegInfo } from '../process/ffmpeg.ts';

/**
 * One I420 picture as JPEG.
 * @throws SeamlineError `ffmpeg-failed` with ffmpeg's reason
 */
export async function jpegOf(bytes: Uint8Array, size: Size, ffmpeg: FfmpegInfo): Promise<Uint8Array> {
  const args = ffmpegArguments((command) => {
    command
      .input('pipe:0')
      .inputFormat('rawvideo')
      .inputOptions([
        '-hide_banner',
        '-loglevel',
        'error',
        '-pix_fmt',
        'yuv420p',
        '-s',
        `${size.widthPx}x${size.heightPx}`,
      ])
      .outputOptions(['-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '3', '-pix_fmt', 'yuvj420p'])
      .format('image2pipe')
      .output('pipe:1');
  });
  const child = spawnChild({ command: ffmpeg.path, args });
  const chunks: Uint8Array[] = [];
  child.stdout.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  child.stdin.end(bytes);
  const exit = await child.exited;
  if (exit.exitCode !== 0 || chunks.length === 0) {
    throw new SeamlineError(
      'ffmpeg-failed',
      `the snapshot could not be made: ${exit.stderrTail.at(-1) ?? 'no reason given'}`,
    );
  }
  return Buffer.concat(chunks);
}
