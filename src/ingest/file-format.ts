import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SeamlineError } from '../common/seamline-error.ts';
import type { Size } from '../contract/pixels.ts';
import { shownWidth } from '../media/video-parameters.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';
import { environmentOfPrograms } from '../process/environment.ts';

const run = promisify(execFile);
const PROBE_TIMEOUT_MS = 30_000;

/** What a file holds. */
export interface FileFormat {
  readonly codec: string;
  /** As shown: turned upright, pixels made square. Sides may be odd. */
  readonly size: Size;
  /** Mean frame rate, or undefined for a picture or when the file does not say. */
  readonly fps: number | undefined;
  /** Frames as the file says or as rate and duration give; undefined when neither is known. */
  readonly frames: number | undefined;
  readonly isStill: boolean;
}

/** Address of a file for ffmpeg: no part of a name is taken for an option, a protocol or a list. */
export function fileAddress(absolutePath: string): string {
  return `file:${absolutePath}`;
}

/**
 * Reads what the file holds, by ffprobe.
 * @param name what the user called the file, for errors
 * @throws SeamlineError `file-unreadable`
 */
export async function readFileFormat(absolutePath: string, name: string, ffmpeg: FfmpegInfo): Promise<FileFormat> {
  const entries = 'stream=codec_name,width,height,avg_frame_rate,nb_frames,duration,sample_aspect_ratio';
  const args = ['-v', 'error', '-protocol_whitelist', 'file', '-select_streams', 'v:0', '-of', 'json'];
  args.push(
    '-show_entries',
    `${entries}:stream_side_data=rotation:format=format_name,duration`,
    fileAddress(absolutePath),
  );
  let text: string;
  try {
    const options = { timeout: PROBE_TIMEOUT_MS, maxBuffer: 1024 * 1024, env: environmentOfPrograms() };
    text = (await run(ffprobeOf(ffmpeg.path), args, options)).stdout;
  } catch (cause) {
    throw new SeamlineError('file-unreadable', `${name} cannot be read as video or picture`, { cause });
  }
  const format = parseFileFormat(text);
  if (format === undefined) throw new SeamlineError('file-unreadable', `${name} holds no video or picture`);
  return format;
}

/** What ffprobe's JSON says, or undefined when there is no video stream. */
export function parseFileFormat(text: string): FileFormat | undefined {
  const parsed = JSON.parse(text) as { streams?: Record<string, unknown>[]; format?: Record<string, unknown> };
  const stream = parsed.streams?.[0];
  const width = Number(stream?.['width']);
  const height = Number(stream?.['height']);
  if (stream === undefined || !(width > 0) || !(height > 0)) return undefined;
  const formatName = String(parsed.format?.['format_name'] ?? '');
  const isStill = /(^|,)(image2|[a-z0-9]+_pipe)(,|$)/.test(formatName);
  const fps = isStill ? undefined : ratio(stream['avg_frame_rate'], '/');
  const durationS = Number(stream['duration'] ?? parsed.format?.['duration']);
  const counted = Number(stream['nb_frames']);
  const estimated = fps !== undefined && durationS > 0 ? Math.round(durationS * fps) : undefined;
  const aspect = String(stream['sample_aspect_ratio'] ?? '')
    .split(':')
    .map(Number);
  const isSquare = !((aspect[0] ?? 0) > 0 && (aspect[1] ?? 0) > 0) || aspect[0] === aspect[1];
  const shown = isSquare ? width : shownWidth(width, [aspect[0] ?? 1, aspect[1] ?? 1]);
  return {
    codec: String(stream['codec_name'] ?? 'unknown'),
    size: isTurned(stream) ? { widthPx: height, heightPx: shown } : { widthPx: shown, heightPx: height },
    fps,
    frames: isStill ? 1 : counted > 0 ? counted : estimated,
    isStill,
  };
}

/** True for a quarter turn either way; ffmpeg turns such pictures upright by itself. */
function isTurned(stream: Record<string, unknown>): boolean {
  const sides = stream['side_data_list'];
  if (!Array.isArray(sides)) return false;
  return sides.some((side: { rotation?: unknown }) => Math.abs(Number(side.rotation ?? 0)) % 180 === 90);
}

function ratio(value: unknown, separator: string): number | undefined {
  const [numerator = 0, denominator = 1] = String(value ?? '')
    .split(separator)
    .map(Number);
  const result = numerator / denominator;
  return Number.isFinite(result) && result > 0 ? result : undefined;
}

/** ffprobe lies beside ffmpeg in every package. */
function ffprobeOf(ffmpegPath: string): string {
  return ffmpegPath.replace(/ffmpeg([^/\\]*)$/, 'ffprobe$1');
}
