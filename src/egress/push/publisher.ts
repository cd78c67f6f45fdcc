import { backoffMs } from '../../common/backoff.ts';
import type { Clock } from '../../common/clock.ts';
import type { SafeUrl } from '../../common/safe-url.ts';
import { SeamlineError } from '../../common/seamline-error.ts';
import type { Logger } from '../../logging/logger.ts';
import type { StreamHub } from '../stream-hub.ts';
import type { PushAttempt, StartPush } from './push-attempt.ts';

/** Where a push stands. `waiting`: the stream has no picture yet. */
export type PushState = 'waiting' | 'connecting' | 'running' | 'retrying' | 'stopped';

/** A push as the job's status shows it. */
export interface PushStatus {
  /** Password and key hidden. */
  readonly url: string;
  readonly state: PushState;
  /** Why it does not run, in plain words; empty while all is well. */
  readonly reason: string;
}

/** What a publisher is made of. */
export interface PublisherOptions {
  readonly url: SafeUrl;
  readonly hub: StreamHub;
  readonly start: StartPush;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

/** A push that ran for this long begins again with the shortest pause. */
const GOOD_RUN_US = 60_000_000;

/** Fewest doublings of the pause after a refused log-in: 8 s and more. */
const REFUSAL_ATTEMPT = 4;

/** How long one wait for the first picture lasts before it begins again. */
const FORMAT_WAIT_MS = 60_000;

/** Keeps one push alive: starts it, and again with growing pauses when it ends; touches no other output. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #url: string;
  #state: PushState = 'waiting';
  #reason = '';
  #runningUs: number | undefined;
  #current: PushAttempt | undefined;
  #run: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#url = maskedAddress(options.url);
  }

  /** Begins; returns at once. */
  start(): void {
    this.#run ??= this.#supervise();
  }

  status(): PushStatus {
    return { url: this.#url, state: this.#state, reason: this.#reason };
  }

  /** Ends the push in order. Safe to call twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake?.();
    await this.#current?.close();
    // Waiting for a format ends when the stream does, which is the job's business: do not wait for that here.
    if (this.#state !== 'waiting') await this.#run;
    this.#state = 'stopped';
  }

  async #supervise(): Promise<void> {
    const { clock, random, log, hub } = this.#options;
    for (let attempt = 0; !this.#isClosed; attempt += 1) {
      if (!(await this.#hasFormat())) break;
      if (this.#isClosed) break;
      this.#state = 'connecting';
      this.#runningUs = undefined;
      this.#current = this.#options.start(() => this.#markRunning());
      const { reason, isRefusal } = await this.#current.ended;
      await this.#current.close();
      this.#current = undefined;
      if (this.#isClosed) break;
      if (this.#runningUs !== undefined && clock.nowUs() - this.#runningUs > GOOD_RUN_US) attempt = 0;
      if (isRefusal) attempt = Math.max(attempt, REFUSAL_ATTEMPT);
      this.#state = 'retrying';
      this.#reason = reason;
      const pauseMs = backoffMs(attempt, random);
      log.warn('push ended, trying again', { path: hub.path, url: this.#url, reason, pauseMs: Math.round(pauseMs) });
      await this.#pause(pauseMs);
    }
    this.#state = 'stopped';
  }

  /** @returns false when the stream is over */
  async #hasFormat(): Promise<boolean> {
    while (!this.#isClosed) {
      try {
        if (this.#options.hub.format === undefined) this.#state = 'waiting';
        await this.#options.hub.waitForFormat(FORMAT_WAIT_MS);
        return true;
      } catch (error) {
        if (!(error instanceof SeamlineError) || error.type !== 'timeout') return false;
      }
    }
    return false;
  }

  #markRunning(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'running';
    this.#reason = '';
    this.#runningUs = this.#options.clock.nowUs();
    this.#options.log.info('push runs', { path: this.#options.hub.path, url: this.#url });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The address for people: the last part of an RTMP path is the key of the stream, as secret as a password. */
export function maskedAddress(url: SafeUrl): string {
  const text = url.toString();
  if (!url.protocol.startsWith('rtmp')) return text;
  return text.replace(/\?.*$/, '').replace(/^(\w+:\/\/[^/]+\/(?:.*\/)?)[^/]+\/*$/, '$1***');
}
