import { SeamlineError } from '../common/seamline-error.ts';
import type { SafeUrl } from '../common/safe-url.ts';
import { TICKS_PER_SECOND } from '../common/ticks.ts';
import type { CameraTransport } from '../contract/job-spec.ts';
import type { Size } from '../contract/pixels.ts';
import type { VideoCodec } from '../media/video-codec.ts';
import { ffmpegArguments, type FfmpegInfo } from '../process/ffmpeg.ts';

/** fourcc of the coded pictures on the decoder's stdin; ffmpeg takes the codec from `-c:v`. */
export const IVF_FOURCC: Readonly<Record<VideoCodec, string>> = { h264: 'H264', h265: 'H265' };
const DECODERS: Readonly<Record<VideoCodec, string>> = { h264: 'h264', h265: 'hevc' };
/** Decoders that ffmpeg may use for what a camera sends: all others are attack surface. */
const ALLOWED_DECODERS = 'h264,hevc,mjpeg';
/** What an RTSP address may make ffmpeg open. */
const ALLOWED_PROTOCOLS = 'pipe,rtsp,rtp,udp,tcp,tls';

/** One frame thread per picture of delay, so one thread; a picture leaves as soon as its bits are decoded. */
const LOW_DELAY = ['-flags', 'low_delay', '-threads', '1'];

/**
 * Arguments of the decoder behind our own RTSP client: coded pictures with their times in IVF on stdin, I420 on stdout,
 * the time of each frame on stderr (`PtsLines`). IVF tells where a picture ends, so that none waits for the next one,
 * and carries its time through the decoder, so that frames keep it whatever is lost or reordered.
 */
export function pipeDecoderArguments(codec: VideoCodec, size: Size, ffmpeg: FfmpegInfo): string[] {
  return ffmpegArguments((command) => {
    command
      .input('pipe:0')
      .inputFormat('ivf')
      .inputOptions(['-hide_banner', '-nostats', '-loglevel', 'warning', ...LOW_DELAY])
      .inputOptions(['-analyzeduration', '0', '-fpsprobesize', '0', '-c:v', DECODERS[codec]])
      .outputOptions(framesOut(size, ffmpeg))
      .format('rawvideo')
      .output('pipe:1');
  });
}

/**
 * Arguments of ffmpeg's own RTSP input, whose address comes as a list on stdin (`rtspList`), never as an argument.
 * @param size of the frames, or undefined to read one picture only and tell its size on stderr
 */
export function rtspDecoderArguments(size: Size | undefined, ffmpeg: FfmpegInfo): string[] {
  return ffmpegArguments((command) => {
    command
      .input('pipe:0')
      .inputFormat('concat')
      .inputOptions(['-hide_banner', '-nostats', '-loglevel', size === undefined ? 'info' : 'warning'])
      .inputOptions(['-protocol_whitelist', ALLOWED_PROTOCOLS, '-safe', '0', '-codec_whitelist', ALLOWED_DECODERS])
      .inputOptions([...LOW_DELAY, '-fflags', 'nobuffer'])
      .outputOptions(size === undefined ? ['-map', '0:v:0', '-frames:v', '1'] : framesOut(size, ffmpeg))
      .format(size === undefined ? 'null' : 'rawvideo')
      .output(size === undefined ? '-' : 'pipe:1');
  });
}

/** Arguments that decode a whole file, every frame, as fast as they are read. @param address `file:` and an absolute path */
export function fileDecoderArguments(address: string, size: Size, ffmpeg: FfmpegInfo): string[] {
  return ffmpegArguments((command) => {
    command
      .input(address)
      .inputOptions(['-hide_banner', '-nostats', '-nostdin', '-loglevel', 'warning', '-protocol_whitelist', 'file'])
      .outputOptions(framesOut(size, ffmpeg).filter((option) => option !== '-copyts'))
      .format('rawvideo')
      .output('pipe:1');
  });
}

/**
 * The list for ffmpeg's stdin that names the address with its password, and the options of its RTSP input.
 * @param address checked IP address that takes the place of the host
 */
export function rtspList(
  url: SafeUrl,
  address: string,
  transport: CameraTransport,
  timeoutMs: number,
  ffmpeg: FfmpegInfo,
): string {
  const whole = withHost(url, address);
  // Options of an entry are known since 5.0; before that the RTSP input takes its transport from the query.
  const hasOptions = ffmpeg.version[0] >= 5;
  const location = hasOptions ? whole : `${whole}${whole.includes('?') ? '&' : '?'}${transport}`;
  if (/[\r\n]/.test(location)) throw new SeamlineError('invalid-request', 'the address has a line break');
  const lines = ['ffconcat version 1.0', `file '${location.replaceAll("'", String.raw`'\''`)}'`];
  if (hasOptions) {
    lines.push(`option rtsp_transport ${transport}`, `option ${ffmpeg.timeoutOption.slice(1)} ${timeoutMs * 1000}`);
    lines.push('option fflags nobuffer', `option protocol_whitelist ${ALLOWED_PROTOCOLS}`);
  }
  return `${lines.join('\n')}\n`;
}

function withHost(url: SafeUrl, address: string): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return url
    .revealed()
    .replace(/^([a-z]+:\/\/(?:[^/?#@]*@)?)(?:\[[^\]]*\]|[^/?#:]*)/, `$1${host.replaceAll('$', '$$$$')}`);
}

/** Frames on stdout and, before each, its time in ticks of 90 kHz on stderr. Full range is brought to limited range. */
function framesOut(size: Size, ffmpeg: FfmpegInfo): string[] {
  const filters = [
    `scale=${size.widthPx}:${size.heightPx}:flags=bilinear:out_range=tv`,
    `settb=1/${TICKS_PER_SECOND}`,
    'metadata=mode=add:key=t:value=1',
    String.raw`metadata=mode=print:file='pipe\:2':direct=1`,
  ];
  return [
    ...['-map', '0:v:0', '-an', '-copyts', ...ffmpeg.passthroughOption],
    ...['-filter_threads', '1', '-vf', filters.join(',')],
    // The raw "encoder" runs on as many threads as there are cores, each of which holds a frame back.
    ...['-threads', '1', '-pix_fmt', 'yuv420p', '-flush_packets', '1'],
  ];
}
