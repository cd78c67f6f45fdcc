import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { depthPng } from './depth-png.ts';
import { FRAMES, FPS, HEIGHT, WIDTH } from './rigs.ts';
import type { ClipName, ViewName } from './rigs.ts';
import { cropView, ShakenCamera } from './shake.ts';
import { openStudio } from './studio.ts';
import { DEPTH_FRAMES, depthFile } from './truth.ts';

/** Frames of one intermediate file: what an interrupted run has to render again at most. */
const CHUNK = 25;
const VIEWS: readonly ViewName[] = ['reference', 'target'];
const CLIPS: readonly ClipName[] = ['calm', 'shaken'];

type Encoder = ChildProcessByStdio<Writable, null, null>;

/** A lossless intermediate: BT.709, limited range, 4:2:0. */
function openChunk(path: string): Encoder {
  const size = `${WIDTH}x${HEIGHT}`;
  const convert = 'scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,format=yuv420p';
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

/** Makes the views of both clips from wide pictures and passes them to the encoders of the current chunk. */
class Darkroom {
  private encoders = new Map<string, Encoder>();
  private readonly cameras = { reference: new ShakenCamera('reference'), target: new ShakenCamera('target') };
  private working: Promise<void> = Promise.resolve();

  /** Opens the encoders of a chunk; `path` names their files. */
  open(path: (clip: ClipName, view: ViewName) => string): void {
    for (const clip of CLIPS) {
      for (const view of VIEWS) this.encoders.set(`${clip} ${view}`, openChunk(path(clip, view)));
    }
  }

  /** Takes a picture; waits for the one before, so that rendering is at most one picture ahead. */
  async take(view: ViewName, frame: number, wide: Buffer): Promise<void> {
    await this.working;
    this.working = this.develop(view, frame, wide);
  }

  private async develop(view: ViewName, frame: number, wide: Buffer): Promise<void> {
    await this.write('calm', view, cropView(wide));
    await this.write('shaken', view, this.cameras[view].look(wide, frame));
  }

  private async write(clip: ClipName, view: ViewName, pixels: Buffer): Promise<void> {
    const pipe = this.encoders.get(`${clip} ${view}`)!.stdin;
    if (!pipe.write(pixels)) await once(pipe, 'drain');
  }

  /** Ends the chunk; its files are complete when this resolves. */
  async close(): Promise<void> {
    await this.working;
    await Promise.all([...this.encoders.values()].map(closeChunk));
    this.encoders.clear();
  }
}

/**
 * Renders both pairs of clips into lossless intermediate files in `work`, and their depth maps beside them. Chunks that
 * exist are kept, so that an interrupted run goes on where it stopped.
 */
export async function renderClips(work: string, chromium: string): Promise<void> {
  mkdirSync(work, { recursive: true });
  const darkroom = new Darkroom();
  const studio = await openStudio(
    {
      picture: (view, frame, pixels) => darkroom.take(view, frame, pixels),
      depth: async (clip, view, frame, pixels) =>
        writeFileSync(join(work, depthFile(clip, view, frame)), depthPng(pixels)),
    },
    chromium,
  );
  for (const first of chunkStarts()) {
    const pairs = CLIPS.flatMap((clip) => VIEWS.map((view) => [clip, view] as const));
    if (pairs.every(([clip, view]) => existsSync(chunkPath(work, clip, view, first)))) continue;
    darkroom.open((clip, view) => `${chunkPath(work, clip, view, first)}.part`);
    const started = performance.now();
    for (let i = first; i < first + CHUNK; i += 1) await studio.render(i, DEPTH_FRAMES.includes(i));
    await darkroom.close();
    for (const [clip, view] of pairs) {
      const path = chunkPath(work, clip, view, first);
      renameSync(`${path}.part`, path);
    }
    const pace = (performance.now() - started) / CHUNK / 1000;
    process.stderr.write(`frames ${first} to ${first + CHUNK - 1}: ${pace.toFixed(1)} s each\n`);
  }
  await studio.close();
}
