import { join } from 'node:path';
import { runProgram } from './run-program.ts';

/** A short part of a clip as H.265 in an MP4 file, repeated without a gap. @returns its path */
export async function writeHevcClip(clip: string, folder: string, name: string): Promise<string> {
  const [once, path] = [join(folder, `${name}-once.mp4`), join(folder, `${name}.mp4`)];
  const encoder = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'keyint=13:bframes=0:log-level=none'];
  const picture = ['-vf', 'scale=960:540,fps=12.5', '-frames:v', '26', '-an'];
  const steps = [
    ['-v', 'error', '-i', clip, ...picture, ...encoder, '-tag:v', 'hvc1', once],
    ['-v', 'error', '-stream_loop', '24', '-i', once, '-c', 'copy', '-tag:v', 'hvc1', path],
  ];
  for (const args of steps) {
    const { exitCode, stderr } = await runProgram('ffmpeg', args, 60_000);
    if (exitCode !== 0) throw new Error(`ffmpeg cannot make the clip: ${stderr}`);
  }
  return path;
}
