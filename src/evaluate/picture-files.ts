import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SeamlineError } from '../common/seamline-error.ts';
import { spawnChild } from '../process/child.ts';

/** Size of the clips that unrelated pictures are put into; the networks squeeze every view to these proportions. */
const CLIP_SIZE = '640:480';

async function runFfmpeg(ffmpeg: string, args: readonly string[]): Promise<void> {
  const child = spawnChild({ command: ffmpeg, args: ['-v', 'error', '-y', ...args] });
  child.stdin.end();
  child.stdout.resume();
  const { exitCode, stderrTail } = await child.exited;
  if (exitCode !== 0) throw new SeamlineError('ffmpeg-failed', stderrTail.at(-1) ?? '');
}

/**
 * Takes single frames out of a clip, without loss.
 * @param frames numbers from 0, rising
 * @param name start of the files' names in `folder`
 * @returns one path for each frame
 * @throws SeamlineError `ffmpeg-failed`
 */
export async function takeFrames(
  ffmpeg: string,
  clip: string,
  frames: readonly number[],
  folder: string,
  name: string,
): Promise<string[]> {
  const select = frames.map((frame) => String.raw`eq(n\,${frame})`).join('+');
  const filter = ['-vf', `select=${select}`, '-fps_mode', 'passthrough'];
  await runFfmpeg(ffmpeg, ['-i', clip, ...filter, join(folder, `${name}-%d.png`)]);
  return frames.map((_frame, index) => join(folder, `${name}-${index + 1}.png`));
}

/**
 * Makes a clip without loss of pictures of any sizes, one a second, each squeezed to 640 x 480.
 * @param path .mkv; a list of the pictures is written beside it
 * @throws SeamlineError `ffmpeg-failed`
 */
export async function makeClip(ffmpeg: string, pictures: readonly string[], path: string): Promise<void> {
  const lines = pictures.map((picture) => `file '${picture.replaceAll("'", String.raw`'\''`)}'\nduration 1`);
  await writeFile(`${path}.txt`, `ffconcat version 1.0\n${lines.join('\n')}\n`);
  const input = ['-f', 'concat', '-safe', '0', '-i', `${path}.txt`];
  const scale = `scale=${CLIP_SIZE}:flags=area,format=yuv420p`;
  await runFfmpeg(ffmpeg, [...input, '-vf', scale, '-fps_mode', 'passthrough', '-c:v', 'ffv1', path]);
}
