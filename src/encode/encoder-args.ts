import { SeamlineError } from '../common/seamline-error.ts';
import { TICKS_PER_SECOND } from '../common/ticks.ts';
import { ENCODERS } from '../contract/job-spec.ts';
import type { Size } from '../contract/pixels.ts';
import { ffmpegArguments, type FfmpegInfo } from '../process/ffmpeg.ts';
import { h264Level } from './h264-level.ts';

/** What the encoder is set to; constant for one ffmpeg process. */
export interface EncoderSettings {
  readonly size: Size;
  readonly fps: number;
  readonly bitrateKbps: number;
  readonly encoder: string;
  readonly preset: string;
  readonly threads: number;
}

/** Key frames come on demand; this many seconds is the longest gap ffmpeg itself allows. */
const LONGEST_GOP_SECONDS = 10;

/**
 * Arguments of the encoding ffmpeg: I420 in IVF on stdin, FLV on stdout. The lowest bit of an IVF time (90 kHz) asks
 * for a key frame. FLV and not Annex B, since a tag's length tells its end at once (media.md: one frame less delay).
 * @throws SeamlineError `invalid-request` for an encoder that this product or this ffmpeg does not know
 */
export function encoderArguments(settings: EncoderSettings, ffmpeg: FfmpegInfo): string[] {
  if (!ENCODERS.includes(settings.encoder)) {
    const message = `must be ${ENCODERS.join(' or ')}`;
    throw new SeamlineError('invalid-request', `encoder ${message}`, { errors: [{ field: 'encoder', message }] });
  }
  const gop = String(Math.ceil(settings.fps * LONGEST_GOP_SECONDS));
  const rate = `${settings.bitrateKbps}k`;
  return ffmpegArguments((command) => {
    command
      .input('pipe:0')
      .inputFormat('ivf')
      .inputOptions(['-hide_banner', '-loglevel', 'warning', '-analyzeduration', '0', '-fpsprobesize', '0'])
      .outputOptions([
        ...ffmpeg.passthroughOption,
        '-copyts',
        ...['-enc_time_base', `1:${TICKS_PER_SECOND}`],
        ...['-r', String(settings.fps)],
        ...['-c:v', settings.encoder],
        ...['-preset', settings.preset],
        ...['-tune', 'zerolatency'],
        ...['-profile:v', 'baseline'],
        ...['-level', h264Level(settings.size.widthPx, settings.size.heightPx, settings.fps)],
        ...['-bf', '0', '-g', gop, '-keyint_min', gop, '-sc_threshold', '0'],
        ...['-threads', String(settings.threads)],
        ...['-b:v', rate, '-maxrate', rate, '-bufsize', `${Math.round(settings.bitrateKbps / 4)}k`],
        ...['-x264-params', 'repeat-headers=1'],
        ...['-force_key_frames', `expr:mod(round(t*${TICKS_PER_SECOND}),2)`],
        ...['-color_range', 'tv', '-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
        ...['-flush_packets', '1', '-flvflags', 'no_duration_filesize'],
      ])
      .format('flv')
      .output('pipe:1');
  });
}
