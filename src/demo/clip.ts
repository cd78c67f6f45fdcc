import { SeamlineError } from '../common/seamline-error.ts';
import type { AccessUnit, StreamFormat } from '../contract/access-unit.ts';
import { FlvReader, parseAvcTag } from '../media/flv/flv-reader.ts';
import { spawnChild } from '../process/child.ts';
import { ffmpegArguments, type FfmpegInfo } from '../process/ffmpeg.ts';

/** A short clip, whole in memory: H.264 without B frames. */
export interface Clip {
  readonly format: StreamFormat;
  /** Units with times from 0 on. */
  readonly units: readonly Pick<AccessUnit, 'data' | 'ptsTicks' | 'isKeyframe'>[];
  /** Length of one turn of the loop, 90 kHz ticks. */
  readonly durationTicks: number;
}

/**
 * Reads a clip without encoding it anew.
 * @param size of its pictures, for the description of the stream
 * @throws SeamlineError `file-unreadable` when ffmpeg cannot read it as H.264
 */
export async function readClip(
  path: string,
  size: { widthPx: number; heightPx: number; fps: number },
  ffmpeg: FfmpegInfo,
): Promise<Clip> {
  const args = ffmpegArguments((command) => {
    command
      .input(path)
      .inputOptions(['-hide_banner', '-loglevel', 'error'])
      .outputOptions(['-map', '0:v:0', '-c', 'copy', '-flvflags', 'no_duration_filesize'])
      .format('flv')
      .output('pipe:1');
  });
  const child = spawnChild({ command: ffmpeg.path, args });
  child.stdin.end();
  const reader = new FlvReader();
  const pictures: { data: Uint8Array; timestampMs: number; isKeyframe: boolean }[] = [];
  let parameterSets: { sps: Uint8Array; pps: Uint8Array } | undefined;
  child.stdout.on('data', (chunk: Uint8Array) => {
    for (const tag of reader.push(chunk)) {
      const video = tag.type === 9 ? parseAvcTag(tag.body) : undefined;
      if (video?.kind === 'configuration') parameterSets = video;
      if (video?.kind === 'picture') pictures.push({ ...video, timestampMs: tag.timestampMs });
    }
  });
  const exit = await child.exited;
  if (exit.exitCode !== 0 || parameterSets === undefined || pictures.length === 0) {
    throw new SeamlineError(
      'file-unreadable',
      `${path} is no H.264 clip: ${exit.stderrTail.at(-1) ?? 'it has no pictures'}`,
    );
  }
  return assemble(pictures, parameterSets, size);
}

function assemble(
  pictures: readonly { data: Uint8Array; isKeyframe: boolean }[],
  { sps, pps }: { sps: Uint8Array; pps: Uint8Array },
  size: { widthPx: number; heightPx: number; fps: number },
): Clip {
  const stepTicks = 90_000 / size.fps;
  return {
    format: { codec: 'h264', sps, pps, ...size },
    durationTicks: Math.round(pictures.length * stepTicks),
    units: pictures.map(({ data, isKeyframe }, index) => ({
      data: isKeyframe ? withParameterSets(data, sps, pps) : data,
      ptsTicks: Math.round(index * stepTicks),
      isKeyframe,
    })),
  };
}

/** Access units of the product carry their parameter sets in every key frame; those of an MP4 file do not. */
function withParameterSets(data: Uint8Array, ...sets: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(data.length + sets.reduce((sum, set) => sum + 4 + set.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const set of sets) {
    view.setUint32(at, set.length);
    out.set(set, at + 4);
    at += 4 + set.length;
  }
  out.set(data, at);
  return out;
}
