import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../common/clock.ts';
import type { SafeUrl } from '../../common/safe-url.ts';
import { SeamlineError } from '../../common/seamline-error.ts';
import { spawnChild, type OwnedChild } from '../../process/child.ts';
import { FlvSession } from '../flv/session.ts';
import type { StreamHub } from '../stream-hub.ts';
import { MAX_PUSH_QUEUE_BYTES, type PushAttempt, type PushEnd, type PushLimits } from './push-attempt.ts';
import { rtmpArguments, rtmpPreset, rtmpSecrets, RTMP_PORTS } from './rtmp-args.ts';
import { TlsTunnel } from './tls-tunnel.ts';

/** What a push by RTMP needs. */
export interface RtmpPushOptions {
  readonly url: SafeUrl;
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly ffmpegPath: string;
  /** The address of a host that may be connected to. @throws SeamlineError when there is none */
  readonly resolve: (host: string, port: number) => Promise<string>;
  readonly onRunning: () => void;
  readonly limits: PushLimits;
  /** Certificates that `rtmps` servers may have besides the well-known ones, PEM. */
  readonly certificateAuthority: string | undefined;
}

const WATCH_MS = 500;
/** How long ffmpeg may take to end the stream at the server. */
const END_MS = 1000;

/** Pushes a stream to an RTMP server by one ffmpeg: FLV on its stdin, copied, key and application in a private file. */
export class RtmpPush implements PushAttempt {
  readonly ended: Promise<PushEnd>;
  readonly #options: RtmpPushOptions;
  #child: OwnedChild | undefined;
  #folder: string | undefined;
  #tunnel: TlsTunnel | undefined;
  readonly #abort = new AbortController();
  #isClosed = false;
  #stalled = '';
  #sentUs = 0;
  #progressUs: number;
  #isRunning = false;

  constructor(options: RtmpPushOptions) {
    this.#options = options;
    this.#progressUs = options.clock.nowUs();
    this.ended = this.#push().catch((error: unknown) => ({
      reason: error instanceof SeamlineError ? error.message : 'the push could not be started',
      isRefusal: false,
    }));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#abort.abort();
    // By a signal ffmpeg would be found waiting for pictures, and the server would not be told.
    await this.#child?.finish(END_MS);
    await this.ended;
  }

  async #push(): Promise<PushEnd> {
    const { url, resolve, ffmpegPath, limits } = this.#options;
    const port = url.port ?? RTMP_PORTS[url.protocol] ?? 1935;
    const address = await resolve(url.host, port);
    try {
      const preset = await this.#preset(port);
      const at = url.protocol === 'rtmps' ? await this.#tunnelTo(address, port) : { address, port };
      if (this.#isClosed) return { reason: 'closed', isRefusal: false };
      const args = rtmpArguments({ ...at, presetFile: preset, limits });
      this.#child = spawnChild({ command: ffmpegPath, args });
      return await this.#feed(this.#child);
    } finally {
      await this.#tunnel?.close();
      if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
    }
  }

  async #preset(port: number): Promise<string> {
    const text = rtmpPreset(this.#options.url, port);
    this.#folder = await mkdtemp(join(tmpdir(), 'seamline-push-'));
    const preset = join(this.#folder, 'target.ffpreset');
    await writeFile(preset, text, { mode: 0o600 });
    return preset;
  }

  async #tunnelTo(address: string, port: number): Promise<{ address: string; port: number }> {
    const { url, limits, certificateAuthority } = this.#options;
    const signal = this.#abort.signal;
    const timeoutMs = limits.connectTimeoutMs;
    this.#tunnel = await TlsTunnel.open({ url, address, port, timeoutMs, certificateAuthority, signal });
    return { address: '127.0.0.1', port: this.#tunnel.port };
  }

  async #feed(child: OwnedChild): Promise<PushEnd> {
    const { hub, url, clock } = this.#options;
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#readProgress(text));
    const session = new FlvSession({
      protocol: 'push',
      name: url.host,
      output: child.stdin,
      maxQueuedBytes: MAX_PUSH_QUEUE_BYTES,
      onEnd: (reason) => {
        this.#stalled = reason;
        void child.finish(END_MS);
      },
    });
    this.#progressUs = clock.nowUs();
    const unsubscribe = hub.subscribe(session);
    const watch = setInterval(() => this.#watch(child), WATCH_MS);
    const exit = await child.exited;
    clearInterval(watch);
    unsubscribe();
    const last = exit.stderrTail.at(-1) ?? `ffmpeg ended with code ${exit.exitCode}`;
    const reason = this.#stalled === '' ? hideSecrets(last, rtmpSecrets(url)) : this.#stalled;
    return { reason, isRefusal: /unauthorized|authentication|authmod|access denied/i.test(last) };
  }

  /** `-progress` tells the time of the newest picture that was handed to the server. */
  #readProgress(text: string): void {
    const sent = [...text.matchAll(/^out_time_us=(\d+)/gm)].at(-1)?.[1];
    if (sent === undefined || Number(sent) <= this.#sentUs) return;
    this.#sentUs = Number(sent);
    this.#progressUs = this.#options.clock.nowUs();
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#options.onRunning();
  }

  #watch(child: OwnedChild): void {
    const { clock, hub, limits } = this.#options;
    const limitUs = 1000 * (this.#isRunning ? limits.stallTimeoutMs : limits.connectTimeoutMs);
    const nowUs = clock.nowUs();
    const newestUs = hub.newest?.arrivedUs ?? -Infinity;
    // While the job itself has no pictures there is nothing that the server could take.
    if (nowUs - newestUs > limitUs / 2) this.#progressUs = nowUs;
    if (nowUs - this.#progressUs <= limitUs) return;
    this.#stalled = this.#isRunning ? 'the server takes nothing' : 'the server does not answer';
    child.kill();
  }
}

function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => (secret.length < 3 ? masked : masked.replaceAll(secret, '***')), text);
}
