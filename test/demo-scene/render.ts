import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { depthPng } from './depth-png.ts';
import { FRAMES, FPS, HEIGHT, WIDTH } from './rigs.ts';
import type { ClipName, ViewName } from './rigs.ts';
import { openStudio } from './studio.ts';
import { DEPTH_FRAMES, depthFile } from './truth.ts';

/** Frames of one intermediate file: what an interrupted run has to render again at most. */
const CHUNK = 25;
const VIEWS: readonly ViewName[] = ['reference', 'target'];

type Encoder = ChildProcessByStdio<Writable, null, null>;

/** A lossless intermediate: BT.709, limited range, 4:2:0. */
function openChunk(path: string): Encoder {
  const size = `${WIDTH}x${HEIGHT}`;
  const convert = 'vflip,scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,format=yuv420p';
  const input = ['-f', 'rawvideo', '-pix_fmt', 'rgba', '-s', size, '-r', String(FPS), '-i', '-'];
  const output = ['-c:v', 'libx264', '-qp', '0', '-preset', 'ultrafast', '-threads', '1', '-f', 'matroska', path];
  return spawn('ffmpeg', ['-v', 'error', '-y', ...input, '-vf', convert, ...output], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
}

async function closeChunk(child: Encoder): Promise<void> {
  const exited = once(child, 'exit');
  child.stdin.end();
  const [code] = (await exited) as [number | null];
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
}

/** The path of one intermediate file. */
export function chunkPath(work: string, clip: ClipName, view: ViewName, first: number): string {
  return join(work, `${clip}-${view}-${String(first).padStart(3, '0')}.mkv`);
}

/** First frames of all intermediate files of a clip. */
export function chunkStarts(): number[] {
  return Array.from({ length: FRAMES / CHUNK }, (_, i) => i * CHUNK);
}

/**
 * Renders a pair of clips into lossless intermediate files in `work`, and its depth maps beside them. Files that exist
 * are kept, so that an interrupted run goes on where it stopped.
 */
export async function renderClip(clip: ClipName, work: string, chromium: string): Promise<void> {
  mkdirSync(work, { recursive: true });
  const encoders = new Map<ViewName, Encoder>();
  const studio = await openStudio(async (kind, view, frame, pixels) => {
    if (kind === 'depth') {
      writeFileSync(join(work, depthFile(clip, view, frame)), depthPng(pixels));
      return;
    }
    const pipe = encoders.get(view)?.stdin;
    if (pipe !== undefined && !pipe.write(pixels)) await once(pipe, 'drain');
  }, chromium);
  for (const first of chunkStarts()) {
    const partial = (view: ViewName): string => `${chunkPath(work, clip, view, first)}.part`;
    if (VIEWS.every((view) => existsSync(chunkPath(work, clip, view, first)))) continue;
    for (const view of VIEWS) encoders.set(view, openChunk(partial(view)));
    const started = performance.now();
    for (let i = first; i < first + CHUNK; i += 1) await studio.render(clip, i, DEPTH_FRAMES.includes(i));
    for (const child of encoders.values()) await closeChunk(child);
    for (const view of VIEWS) renameSync(partial(view), chunkPath(work, clip, view, first));
    const pace = (performance.now() - started) / CHUNK / 1000;
    process.stderr.write(`${clip}: frames ${first} to ${first + CHUNK - 1}, ${pace.toFixed(1)} s each\n`);
  }
  await studio.close();
}
