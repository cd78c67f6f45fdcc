import { SeamlineError } from '../../common/seamline-error.ts';
import type { SafeUrl } from '../../common/safe-url.ts';
import { ffmpegArguments } from '../../process/ffmpeg.ts';
import type { PushLimits } from './push-attempt.ts';

/** Ports of the schemes. */
export const RTMP_PORTS: Readonly<Record<string, number>> = { rtmp: 1935, rtmps: 443 };

/** ffmpeg reads presets in lines of 1,000 bytes. */
const MAX_PRESET_LINE = 900;

/** Where and how the pushing ffmpeg connects. */
export interface RtmpTarget {
  /** The address that was checked, or where a tunnel to it begins. */
  readonly address: string;
  readonly port: number;
  readonly presetFile: string;
  readonly limits: PushLimits;
}

/**
 * Options that ffmpeg reads from a file instead of its argument list, which every user of the machine can see: the application
 * and the key of the stream.
 * @throws SeamlineError `output-rejected` for addresses that cannot be pushed to
 */
export function rtmpPreset(url: SafeUrl, port: number): string {
  const { app, key } = partsOf(url);
  if (url.hasCredentials) {
    throw new SeamlineError(
      'output-rejected',
      'RTMP addresses with user and password are not supported; use a stream key',
    );
  }
  if (app === '' || key === '') {
    throw new SeamlineError(
      'output-rejected',
      'an RTMP address has an application and a key: rtmp://HOST/APPLICATION/KEY',
    );
  }
  const host = url.host.includes(':') ? `[${url.host}]` : url.host;
  const lines = [`rtmp_app=${app}`, `rtmp_playpath=${key}`, `rtmp_tcurl=${url.protocol}://${host}:${port}/${app}`];
  if (lines.some((line) => line.length > MAX_PRESET_LINE)) {
    throw new SeamlineError('output-rejected', 'the application or the key of the RTMP address is too long');
  }
  return `${lines.join('\n')}\n`;
}

/** What must not be seen in a log: the key with its query. */
export function rtmpSecrets(url: SafeUrl): string[] {
  const { key } = partsOf(url);
  return [key, key.replace(/\?.*$/, '')];
}

/** Arguments of the pushing ffmpeg, which knows no name: neither can it look one up, nor be led elsewhere by one. */
export function rtmpArguments({ address, port, presetFile, limits }: RtmpTarget): string[] {
  return ffmpegArguments((command) => {
    command
      .input('pipe:0')
      .inputFormat('flv')
      .inputOptions(['-hide_banner', '-loglevel', 'warning', '-nostats', '-stats_period', '0.5'])
      // The metadata and parameter sets at the start say all; 0 would mean ffmpeg's own 90 seconds for FLV.
      .inputOptions(['-protocol_whitelist', 'pipe', '-fflags', 'nobuffer', '-analyzeduration', '1', '-probesize', '32'])
      .outputOptions(['-map', '0:v:0', '-c', 'copy', '-flvflags', 'no_duration_filesize', '-flush_packets', '1'])
      .outputOptions(['-rw_timeout', String(1000 * Math.max(limits.connectTimeoutMs, limits.stallTimeoutMs))])
      .outputOptions(['-progress', 'pipe:1', '-fpre', presetFile])
      .format('flv')
      .output(`rtmp://${address.includes(':') ? `[${address}]` : address}:${port}/`);
  });
}

/** As servers and ffmpeg read an address: the key is the last part, with its query; what stands before is the application. */
function partsOf(url: SafeUrl): { readonly app: string; readonly key: string } {
  const [path = '', query] = url.pathWithQuery.replace(/^\/+/, '').split(/\?(.*)/s, 2);
  const slash = path.lastIndexOf('/');
  const key = path.slice(slash + 1);
  return { app: path.slice(0, Math.max(0, slash)), key: query === undefined || key === '' ? key : `${key}?${query}` };
}
