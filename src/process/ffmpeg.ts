import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg';
import { SeamlineError } from '../common/seamline-error.ts';
import { environmentOfPrograms } from './environment.ts';

const run = promisify(execFile);

/** Oldest version that is supported. */
const MINIMUM_VERSION: readonly [number, number] = [4, 4];

/** The ffmpeg of this machine and what its version calls things. */
export interface FfmpegInfo {
  readonly path: string;
  readonly version: readonly [number, number];
  /** Socket timeout (µs) of an RTSP input. */
  readonly timeoutOption: '-timeout' | '-stimeout';
  /** One frame out for each frame in. */
  readonly passthroughOption: readonly [string, string];
  readonly encoders: ReadonlySet<string>;
}

/**
 * Finds ffmpeg and reads its version and encoders once.
 * @param preferred path or name, empty for none; FFMPEG_PATH and then `ffmpeg` on PATH otherwise
 * @throws SeamlineError `ffmpeg-missing` that says what to install
 */
export async function findFfmpeg(preferred?: string): Promise<FfmpegInfo> {
  const path = [preferred, process.env['FFMPEG_PATH']].find((given) => given !== undefined && given !== '') ?? 'ffmpeg';
  const versionText = await output(path, ['-hide_banner', '-version']);
  const version = parseFfmpegVersion(versionText);
  if (version[0] < MINIMUM_VERSION[0] || (version[0] === MINIMUM_VERSION[0] && version[1] < MINIMUM_VERSION[1])) {
    throw new SeamlineError('ffmpeg-missing', `ffmpeg ${version.join('.')} is too old; install 4.4 or newer`);
  }
  const encoders = parseEncoders(await output(path, ['-hide_banner', '-encoders']));
  if (!encoders.has('libx264')) {
    throw new SeamlineError('ffmpeg-missing', 'this ffmpeg has no libx264 encoder; install a build that has it');
  }
  return {
    path,
    version,
    timeoutOption: version[0] >= 5 ? '-timeout' : '-stimeout',
    passthroughOption:
      version[0] > 5 || (version[0] === 5 && version[1] >= 1) ? ['-fps_mode', 'passthrough'] : ['-vsync', '0'],
    encoders,
  };
}

async function output(path: string, args: string[]): Promise<string> {
  try {
    const { stdout } = await run(path, args, {
      timeout: 20_000,
      maxBuffer: 4 * 1024 * 1024,
      env: environmentOfPrograms(),
    });
    return stdout;
  } catch (cause) {
    throw new SeamlineError(
      'ffmpeg-missing',
      'ffmpeg does not run; install it (apt-get install ffmpeg) or set FFMPEG_PATH',
      { cause },
    );
  }
}

/** Major and minor version from `ffmpeg -version`; builds from git count as newest. */
export function parseFfmpegVersion(text: string): readonly [number, number] {
  const match = /^ffmpeg version \D{0,2}(\d+)\.(\d+)/.exec(text);
  return match === null ? [99, 0] : [Number(match[1]), Number(match[2])];
}

/** Names of the encoders in `ffmpeg -encoders`. */
export function parseEncoders(text: string): ReadonlySet<string> {
  const names = [...text.matchAll(/^\s[A-Z.]{6}\s+(\S+)/gm)].map((match) => match[1] ?? '');
  return new Set(names.filter((name) => name !== '='));
}

/**
 * Arguments that fluent-ffmpeg's builder makes, in ffmpeg's order; nothing is started.
 * Options given as one list are split at a space; give values that may hold one as separate arguments.
 */
export function ffmpegArguments(build: (command: FfmpegCommand) => void): string[] {
  const command = ffmpeg();
  build(command);
  // The package's types leave this method out; it is the only way to the arguments without a start.
  return (command as FfmpegCommand & { _getArguments(): string[] })._getArguments();
}
