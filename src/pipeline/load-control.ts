import type { Clock } from '../common/clock.ts';
import type { StageTimes } from '../contract/access-unit.ts';
import type { PipelineStatus } from '../contract/job-messages.ts';
import type { Logger } from '../logging/logger.ts';
import { FULL_LOAD, LEVELS, loadReason, type LoadLevel, type LoadState, nextLoad } from './load-policy.ts';

/** Decisions are made once a second … */
const SAMPLE_US = 1_000_000;
/** … after the output has been open for this long: processes that start are no sign of a slow machine. */
const SETTLE_US = 5_000_000;

/** Counts since the start of the job. */
export interface LoadCounts {
  /** Panoramas handed to the encoder. */
  readonly made: number;
  /** Pictures that decoders, compose or the encoder gave up. */
  readonly dropped: number;
  /** Time that the coded pictures span which lie before the slower decoder at this moment, ms. */
  readonly backlogMs: number;
}

/** What a load control works with. */
export interface LoadControlOptions {
  readonly clock: Clock;
  /** Panoramas wanted a second. */
  readonly fps: number;
  readonly counts: () => LoadCounts;
  /** Makes a level take effect. */
  readonly apply: (level: LoadLevel) => void;
  readonly log: Logger;
}

/** Watches whether the machine keeps up and lets the policy decide what is given up. */
export class LoadControl {
  readonly #options: LoadControlOptions;
  #state: LoadState = FULL_LOAD;
  #windowUs: number;
  #before: LoadCounts;
  #backlogMs = Infinity;
  #workMs: number[] = [];

  constructor(options: LoadControlOptions) {
    this.#options = options;
    this.#windowUs = options.clock.nowUs() + SETTLE_US - SAMPLE_US;
    this.#before = options.counts();
  }

  /** Learns how long a panorama took. */
  note({ pairedUs, encodedUs }: StageTimes): void {
    this.#workMs.push((encodedUs - pairedUs) / 1000);
  }

  /** To be called often; decides once a second. */
  tick(): void {
    const nowUs = this.#options.clock.nowUs();
    const counts = this.#options.counts();
    this.#backlogMs = Math.min(this.#backlogMs, counts.backlogMs);
    if (nowUs < this.#windowUs + SAMPLE_US) {
      if (nowUs < this.#windowUs) this.#begin(this.#windowUs, counts);
      return;
    }
    const sorted = this.#workMs.toSorted((a, b) => a - b);
    const sample = {
      made: counts.made - this.#before.made,
      dropped: counts.dropped - this.#before.dropped,
      backlogMs: this.#backlogMs,
      workMs: sorted[sorted.length >> 1] ?? 0,
      fps: this.#options.fps,
    };
    this.#begin(nowUs, counts);
    const { level } = this.#state;
    this.#state = nextLoad(this.#state, sample);
    if (this.#state.level === level) return;
    const isLower = this.#state.level > level;
    this.#options.log.log(isLower ? 'warn' : 'info', 'work given up or taken back', {
      count: this.#state.level,
      reason: `${this.status().reason || 'the machine keeps up'} (${JSON.stringify(sample)})`,
    });
    this.#options.apply(LEVELS[this.#state.level] ?? LEVELS[0]!);
  }

  status(): PipelineStatus['load'] {
    const { level } = this.#state;
    return { level, reason: loadReason(level, this.#options.fps) };
  }

  #begin(windowUs: number, counts: LoadCounts): void {
    this.#windowUs = windowUs;
    this.#before = counts;
    this.#backlogMs = Infinity;
    this.#workMs = [];
  }
}

/** What a job's load control watches and moves. */
export interface WatchLoadOptions {
  readonly clock: Clock;
  readonly fps: number;
  readonly output: {
    readonly counts: { readonly made: number; readonly dropped: number };
    setRateShare(share: number): void;
  };
  readonly cameras: () => readonly { readonly load: { readonly dropped: number; readonly backlogUs: number } }[];
  readonly networks: { slowDown(factor: number): void };
  readonly views: { request(share: number): void };
  readonly log: Logger;
}

/** A load control over the parts of a job. */
export function watchLoad({ clock, fps, output, cameras, networks, views, log }: WatchLoadOptions): LoadControl {
  return new LoadControl({
    ...{ clock, fps, log },
    counts: () => {
      const { made, dropped } = output.counts;
      const loads = cameras().map(({ load }) => load);
      return {
        made,
        dropped: loads.reduce((sum, load) => sum + load.dropped, dropped),
        backlogMs: Math.max(0, ...loads.map(({ backlogUs }) => backlogUs / 1000)),
      };
    },
    apply: ({ networksSlowdown, rateShare, sizeShare }) => {
      networks.slowDown(networksSlowdown);
      output.setRateShare(rateShare);
      views.request(sizeShare);
    },
  });
}
