import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chunkPath, chunkStarts } from './render.ts';
import type { ClipName, ViewName } from './rigs.ts';
import { clipFile, DEPTH_FRAMES, depthFile, truthText } from './truth.ts';

/** Mean rate of a clip, kbit/s: four clips of 20 s stay under 8 MB, and the shaken ones need more. */
const RATES: Record<ClipName, number> = { calm: 640, shaken: 920 };

function encode(clip: ClipName, view: ViewName, work: string, out: string): void {
  const list = join(work, `${clip}-${view}.txt`);
  const files = chunkStarts().map((first) => `file '${chunkPath(work, clip, view, first)}'\n`);
  writeFileSync(list, files.join(''));
  const log = join(work, `${clip}-${view}`);
  // What an IP camera sends: High profile, no B frames, a key frame every two seconds.
  const video = ['-c:v', 'libx264', '-preset', 'veryslow', '-profile:v', 'high', '-bf', '0', '-g', '50'];
  const rate = RATES[clip];
  const pace = [
    '-b:v',
    `${rate}k`,
    '-maxrate',
    `${rate * 3}k`,
    '-bufsize',
    `${rate * 4}k`,
    '-x264-params',
    'keyint=50:scenecut=0',
  ];
  const color = ['-color_range', 'tv', '-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'];
  const input = ['-v', 'error', '-y', '-f', 'concat', '-safe', '0', '-i', list, ...video, ...pace, ...color];
  execFileSync('ffmpeg', [...input, '-pass', '1', '-passlogfile', log, '-f', 'null', '-'], { stdio: 'inherit' });
  const file = join(out, clipFile(clip, view));
  const last = ['-pass', '2', '-passlogfile', log, '-movflags', '+faststart', '-map_metadata', '-1', file];
  execFileSync('ffmpeg', [...input, ...last], { stdio: 'inherit' });
}

/** Encodes a rendered pair from `work` into `out` and writes its ground truth and depth maps beside it. */
export function publishClip(clip: ClipName, work: string, out: string): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, `${clip}.json`), truthText(clip));
  for (const view of ['reference', 'target'] as const) {
    encode(clip, view, work, out);
    for (const frame of DEPTH_FRAMES) {
      copyFileSync(join(work, depthFile(clip, view, frame)), join(out, depthFile(clip, view, frame)));
    }
  }
}
