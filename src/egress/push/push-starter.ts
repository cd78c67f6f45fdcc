import { readFileSync } from 'node:fs';
import type { Clock } from '../../common/clock.ts';
import { SafeUrl } from '../../common/safe-url.ts';
import type { Logger } from '../../logging/logger.ts';
import type { StreamHub } from '../stream-hub.ts';
import { Publisher } from './publisher.ts';
import type { PushLimits } from './push-attempt.ts';
import { PushGroup } from './push-group.ts';
import { RtmpPush } from './rtmp-push.ts';
import { RtspPush } from './rtsp-push.ts';

/** Schemes that can be pushed to. */
const PUSH_PROTOCOLS = ['rtsp', 'rtsps', 'rtmp', 'rtmps'];

/** What pushing needs. */
export interface PushStarterOptions {
  readonly ffmpegPath: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** The address of a host that may be connected to. @throws SeamlineError when there is none */
  readonly resolve: (host: string, port: number) => Promise<string>;
  readonly random?: () => number;
  readonly wallClockMs?: () => number;
  readonly limits: PushLimits;
  /** File with certificates that servers of `rtsps` and `rtmps` may have besides the well-known ones, PEM. */
  readonly certificateAuthorityFile?: string | undefined;
}

/** Starts pushes to foreign servers. */
export class PushStarter {
  readonly #options: PushStarterOptions;
  readonly #groups = new Set<PushGroup>();

  readonly #certificateAuthority: string | undefined;

  constructor(options: PushStarterOptions) {
    this.#options = options;
    const file = options.certificateAuthorityFile;
    this.#certificateAuthority = file === undefined ? undefined : readFileSync(file, 'utf8');
  }

  /**
   * Pushes a stream to each address until the group is closed.
   * @param urls complete addresses, with their passwords
   * @throws SeamlineError `invalid-request` for an address of another kind
   */
  start(hub: StreamHub, urls: readonly string[]): PushGroup {
    const publishers = urls.map((url) => this.#publisher(hub, SafeUrl.parse(url, PUSH_PROTOCOLS, 'output_url')));
    const group = new PushGroup(publishers, (closed) => this.#groups.delete(closed));
    this.#groups.add(group);
    return group;
  }

  /** Ends every push. Safe to call twice. */
  async close(): Promise<void> {
    await Promise.all([...this.#groups].map((group) => group.close()));
  }

  #publisher(hub: StreamHub, url: SafeUrl): Publisher {
    const { clock, log, resolve, ffmpegPath, random = Math.random, wallClockMs = Date.now } = this.#options;
    const { limits } = this.#options;
    const certificateAuthority = this.#certificateAuthority;
    const common = { url, hub, clock, resolve, limits, certificateAuthority };
    return new Publisher({
      url,
      hub,
      clock,
      log,
      random,
      start: (onRunning) =>
        url.protocol.startsWith('rtmp')
          ? new RtmpPush({ ...common, ffmpegPath, onRunning })
          : new RtspPush({ ...common, wallClockMs, onRunning }),
    });
  }
}
