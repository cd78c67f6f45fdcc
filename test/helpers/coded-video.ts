import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { splitAnnexB } from '../../src/media/h264/annex-b.ts';

const run = promisify(execFile);

/** One coded picture of a test video, in decoding order. */
export interface VideoPicture {
  readonly nals: readonly Uint8Array[];
  /** Frame number in the order of presentation. */
  readonly index: number;
}

/** A test video whose frames tell their number. */
export interface CodedVideo {
  readonly codec: 'h264' | 'h265';
  readonly pictures: readonly VideoPicture[];
  /** VPS, SPS and PPS. */
  readonly parameterSets: readonly Uint8Array[];
  readonly fps: number;
}

/** What to encode. */
export interface CodedVideoOptions {
  readonly codec?: 'h264' | 'h265';
  readonly size?: string;
  readonly fps?: number;
  readonly frames?: number;
  readonly gop?: number;
  readonly bFrames?: number;
  /** One grey all the time, instead of a luma that tells the number. */
  readonly luma?: number;
  /** A file to play instead of grey pictures, scaled to `size` and thinned to `fps`. */
  readonly clip?: string;
  /** Where in the clip to begin, seconds. */
  readonly clipStartS?: number;
  /** Further options of ffmpeg's output. */
  readonly extra?: readonly string[];
}

/** Frame `index` has the luma 16 + 4 · (index mod 50) everywhere. */
export const LUMA_STEP = 4;
/** After so many frames the luma repeats. */
export const LUMA_PERIOD = 50;

/** The number of a decoded frame, modulo LUMA_PERIOD, from its luma plane. */
export function frameNumber(bytes: Uint8Array, pixels: number): number {
  let sum = 0;
  for (let at = 0; at < pixels; at += 101) sum += bytes[at] ?? 0;
  const mean = sum / Math.ceil(pixels / 101);
  return Math.max(0, Math.round((mean - 16) / LUMA_STEP)) % LUMA_PERIOD;
}

/** Encodes a video with the real ffmpeg and cuts it into pictures. */
export async function encodeVideo(options: CodedVideoOptions = {}): Promise<CodedVideo> {
  const {
    codec = 'h264',
    size = '192x128',
    fps = 25,
    frames = LUMA_PERIOD,
    gop = 25,
    bFrames = 0,
    luma,
    clip,
    clipStartS = 0,
    extra = [],
  } = options;
  const folder = await mkdtemp(join(tmpdir(), 'seamline-video-'));
  try {
    const raw = join(folder, codec === 'h264' ? 'video.h264' : 'video.hevc');
    const container = join(folder, 'video.ts');
    const picture = `geq=lum=${luma ?? `16+mod(N\\,${LUMA_PERIOD})*${LUMA_STEP}`}:cb=128:cr=128`;
    const encoder =
      codec === 'h264'
        ? ['-c:v', 'libx264', '-preset', 'ultrafast', '-x264-params', 'aud=1:scenecut=0', '-g', String(gop)]
        : [
            '-c:v',
            'libx265',
            '-preset',
            'ultrafast',
            '-x265-params',
            `aud=1:keyint=${gop}:scenecut=0:log-level=none:bframes=${bFrames}`,
          ];
    if (codec === 'h264') encoder.push('-bf', String(bFrames));
    const grey = ['-f', 'lavfi', '-i', `nullsrc=s=${size}:r=${fps},${picture}`];
    const played = ['-ss', String(clipStartS), '-i', clip ?? '', '-vf', `scale=${size},fps=${fps}`];
    const source = [...(clip === undefined ? grey : played), '-an', '-frames:v', String(frames)];
    await run('ffmpeg', [
      '-v',
      'error',
      ...source,
      ...encoder,
      '-pix_fmt',
      'yuv420p',
      ...extra,
      '-f',
      'mpegts',
      container,
    ]);
    await run('ffmpeg', ['-v', 'error', '-i', container, '-c', 'copy', '-f', codec === 'h264' ? 'h264' : 'hevc', raw]);
    const probe = ['-v', 'error', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', container];
    const times = (await run('ffprobe', probe)).stdout
      .trim()
      .split(/\s+/)
      .map((line) => Number.parseFloat(line));
    return cut(codec, await readFile(raw), times, fps);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function cut(codec: 'h264' | 'h265', data: Uint8Array, times: readonly number[], fps: number): CodedVideo {
  const type = (nal: Uint8Array): number => (codec === 'h264' ? (nal[0] ?? 0) & 31 : ((nal[0] ?? 0) >> 1) & 63);
  const delimiter = codec === 'h264' ? 9 : 35;
  const isSet = (nal: Uint8Array): boolean =>
    codec === 'h264' ? type(nal) === 7 || type(nal) === 8 : type(nal) >= 32 && type(nal) <= 34;
  const groups: Uint8Array[][] = [];
  for (const nal of splitAnnexB(data)) {
    if (type(nal) === delimiter) groups.push([]);
    else groups.at(-1)?.push(nal);
  }
  if (groups.length !== times.length) throw new Error(`${groups.length} pictures but ${times.length} times`);
  const first = groups[0] ?? [];
  const startS = Math.min(...times);
  return {
    codec,
    fps,
    parameterSets: first.filter(isSet),
    pictures: groups.map((nals, at) => ({ nals, index: Math.round(((times[at] ?? 0) - startS) * fps) })),
  };
}
