import { spawn } from 'node:child_process';
import { eventually } from './seamline-server.ts';

/** A player that stays: ffmpeg over RTSP, which tells the time of every picture it decodes. */
export class RtspPlayer {
  /** Times of the pictures it showed, seconds. */
  readonly times: number[] = [];
  /** Every time that did not rise. */
  readonly stepsBack: string[] = [];
  hasEnded = false;
  /** Its exit code: 0 when the stream ended, null when it was killed. */
  readonly ended: Promise<number | null>;
  readonly #child;

  constructor(url: string) {
    const args = ['-v', 'error', '-rtsp_transport', 'tcp', '-i', url, '-map', '0:v', '-f', 'framehash'];
    this.#child = spawn('ffmpeg', [...args, '-hash', 'crc32', '-flush_packets', '1', '-'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let scale = 1;
    let rest = '';
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const base = /^#tb 0: (\d+)\/(\d+)/.exec(line);
        if (base !== null) scale = Number(base[1]) / Number(base[2]);
        if (line.startsWith('0,')) this.#note(Number(line.split(',')[2]) * scale);
      }
    });
    this.ended = new Promise((resolve) => {
      this.#child.on('exit', (exitCode) => {
        this.hasEnded = true;
        resolve(exitCode);
      });
    });
  }

  get pictures(): number {
    return this.times.length;
  }

  /** Resolves when `count` more pictures were shown. @returns their times, seconds */
  async more(count: number, timeoutMs: number): Promise<readonly number[]> {
    const from = this.pictures;
    await eventually(`${count} more pictures`, timeoutMs, async () =>
      this.pictures >= from + count ? true : undefined,
    );
    return this.times.slice(from);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  #note(time: number): void {
    const last = this.times.at(-1) ?? -Infinity;
    if (time <= last) this.stepsBack.push(`${last} → ${time}`);
    this.times.push(time);
  }
}
