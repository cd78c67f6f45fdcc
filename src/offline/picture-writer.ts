import { rm } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { SeamlineError } from '../common/seamline-error.ts';
import { usToTicks } from '../common/ticks.ts';
import type { Size } from '../contract/pixels.ts';
import { ivfFileHeader, ivfFrameHeader } from '../encode/ivf.ts';
import { spawnChild, type OwnedChild } from '../process/child.ts';
import { ffmpegArguments, type FfmpegInfo } from '../process/ffmpeg.ts';

/** Kinds of output by the end of the name. */
const VIDEOS = ['.mp4', '.mov', '.mkv'];
const PICTURES = ['.png', '.jpg', '.jpeg'];
/** Quality of the video: libx264's constant rate factor, visually lossless from about 18. */
const CRF = '18';

/** @throws SeamlineError `invalid-request` when the name does not end as the input demands */
export function checkOutputName(path: string, isStill: boolean): void {
  const wanted = isStill ? PICTURES : VIDEOS;
  if (wanted.includes(extname(path).toLowerCase())) return;
  const what = isStill ? 'two pictures make a picture' : 'two videos make a video';
  throw new SeamlineError('invalid-request', `${what}: the output must end in ${wanted.join(', ')}`);
}

/** Panoramas into a file, by ffmpeg: H.264 with every frame's time, or one picture. */
export class PictureWriter {
  readonly #path: string;
  readonly #name: string;
  readonly #child: OwnedChild;
  readonly #isStill: boolean;
  #isDone = false;

  /** @param path of the file, replaced when it exists */
  constructor(path: string, size: Size, isStill: boolean, preset: string, ffmpeg: FfmpegInfo) {
    this.#path = resolve(path);
    this.#name = path;
    this.#isStill = isStill;
    const args = isStill ? pictureArguments(this.#path, size) : videoArguments(this.#path, preset, ffmpeg);
    this.#child = spawnChild({ command: ffmpeg.path, args });
    this.#child.stdout.resume();
    if (!isStill) this.#child.stdin.write(ivfFileHeader(size));
  }

  /**
   * Writes one panorama and waits until its bytes were taken over.
   * @throws SeamlineError `ffmpeg-failed` when ffmpeg has ended
   */
  async write(bytes: Uint8Array, ptsUs: number): Promise<void> {
    if (!this.#isStill) await this.#send(ivfFrameHeader(bytes.length, usToTicks(ptsUs)));
    await this.#send(bytes);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    const sent = send(this.#child.stdin, bytes);
    const hasFailed = await Promise.race([sent.then((ok) => !ok), this.#child.exited.then(() => true)]);
    if (hasFailed) throw await this.#failure();
  }

  async #failure(): Promise<SeamlineError> {
    const exit = await this.#child.exited;
    return new SeamlineError(
      'ffmpeg-failed',
      `${this.#name} cannot be written: ${exit.stderrTail.at(-1) ?? 'no reason given'}`,
    );
  }

  /** Ends the file. @throws SeamlineError `ffmpeg-failed` */
  async finish(): Promise<void> {
    this.#child.stdin.end();
    const exit = await this.#child.exited;
    if (exit.exitCode !== 0) throw await this.#failure();
    this.#isDone = true;
  }

  /** Ends ffmpeg and removes an unfinished file. Safe to call at any time. */
  async close(): Promise<void> {
    await this.#child.stop();
    if (!this.#isDone) await rm(this.#path, { force: true });
  }
}

/** @returns false when the pipe is closed */
function send(stream: Writable, bytes: Uint8Array): Promise<boolean> {
  return new Promise((done) => {
    stream.write(bytes, (error) => done(error === undefined || error === null));
  });
}

const QUIET = ['-hide_banner', '-nostats', '-loglevel', 'error'];

function videoArguments(path: string, preset: string, ffmpeg: FfmpegInfo): string[] {
  return ffmpegArguments((command) => {
    command
      .input('pipe:0')
      .inputFormat('ivf')
      .inputOptions(QUIET)
      .outputOptions([...ffmpeg.passthroughOption, '-c:v', 'libx264', '-preset', preset, '-crf', CRF])
      .outputOptions(['-pix_fmt', 'yuv420p', '-video_track_timescale', '90000', '-y'])
      .output(`file:${path}`);
  });
}

function pictureArguments(path: string, size: Size): string[] {
  return ffmpegArguments((command) => {
    command
      .input('pipe:0')
      .inputFormat('rawvideo')
      .inputOptions([...QUIET, '-pix_fmt', 'yuv420p', '-s', `${size.widthPx}x${size.heightPx}`])
      .outputOptions(['-frames:v', '1', '-q:v', '2', '-y'])
      .output(`file:${path}`);
  });
}
