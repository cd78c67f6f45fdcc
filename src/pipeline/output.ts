import type { Clock } from '../common/clock.ts';
import { withDeadline } from '../common/deadline.ts';
import type { StageTimes, StreamItem } from '../contract/access-unit.ts';
import type { PipelineStatus } from '../contract/job-messages.ts';
import type { Fill, JobSpec, PipelineSettings } from '../contract/job-spec.ts';
import type { SharedMemoryPlan } from '../contract/memory-plan.ts';
import type { Size } from '../contract/pixels.ts';
import type { CanvasGeometry } from '../contract/warp-state.ts';
import type { CameraMotions } from '../contract/worker-messages.ts';
import { EncoderSwitch } from '../encode/encoder-switch.ts';
import type { ViewSizes } from '../geometry/canvas.ts';
import type { Logger } from '../logging/logger.ts';
import type { FramePair, FramePairerStats } from '../pairing/frame-pairer.ts';
import type { FfmpegInfo } from '../process/ffmpeg.ts';
import { ComposeLoop } from './compose-loop.ts';
import { FollowedPairs, type FoundFor } from './geometry-pairs.ts';
import type { PairTimes } from './geometry-follower.ts';
import { forViews } from './geometry-state.ts';
import { SizedComposers } from './sized-composers.ts';
import { StageDelays } from './stage-delays.ts';

/** Panoramas in memory: one being made, two waiting for the encoder, one to spare. */
const CANVASES = 4;
/** Threads of the encoder; two sliced threads cost less CPU than one (media.md, section 5). */
const ENCODER_THREADS = 2;

/** Even without cameras a panorama comes five times a second. */
const PICTURE_TIMEOUT_MS = 3000;

/** What an output is made of. */
export interface OutputOptions {
  readonly memory: SharedMemoryPlan;
  readonly kernels: WebAssembly.Module;
  readonly ffmpeg: FfmpegInfo;
  readonly views: ViewSizes;
  readonly size: Size;
  readonly fps: number;
  readonly spec: JobSpec;
  readonly settings: PipelineSettings;
  readonly clock: Clock;
  readonly onItem: (item: StreamItem) => void;
  /** Times of each panorama that left the encoder. */
  readonly onEncoded: (times: StageTimes) => void;
  readonly onError: (error: unknown) => void;
  readonly log: Logger;
}

/** From pairs to access units: composer and encoder of one size. */
export class Output {
  readonly #composer: SizedComposers;
  readonly #encoder: EncoderSwitch;
  readonly #loop: ComposeLoop;
  readonly #delays: StageDelays;
  readonly #followed: FollowedPairs;
  readonly #size: Size;
  readonly #clock: Clock;

  private constructor(options: OutputOptions, composer: SizedComposers) {
    const { clock, spec, settings, size, fps } = options;
    this.#composer = composer;
    this.#size = size;
    this.#clock = clock;
    this.#delays = new StageDelays();
    this.#followed = new FollowedPairs(options.memory, options.kernels, options.views, clock);
    this.#encoder = new EncoderSwitch({
      settings: {
        size,
        fps,
        bitrateKbps: spec.bitrateKbps,
        encoder: spec.encoder,
        preset: settings.encoderPreset,
        threads: ENCODER_THREADS,
      },
      ffmpeg: options.ffmpeg,
      clock,
      random: Math.random,
      onItem: (item) => {
        if (item.kind === 'access-unit') {
          this.#delays.add(item.unit.times);
          options.onEncoded(item.unit.times);
        }
        options.onItem(item);
      },
      log: options.log,
    });
    this.#loop = new ComposeLoop({
      ...{ composer, encoder: this.#encoder, clock, fps },
      wallClockMs: Date.now,
      geometryOf: (pair) => this.#followed.geometryOf(pair),
      onError: options.onError,
    });
  }

  /** Starts composer and encoder. */
  static async open(options: OutputOptions): Promise<Output> {
    const composer = await SizedComposers.create({
      memory: options.memory,
      kernels: options.kernels,
      canvas: options.size,
      views: options.views,
      workers: options.settings.composeWorkers,
      canvases: CANVASES,
    });
    const output = new Output(options, composer);
    output.#encoder.start();
    return output;
  }

  /**
   * Shows a geometry, blended in over `transitionFrames` panoramas.
   * @param found set for one of the networks: while the cameras move it is carried on to each pair
   */
  async show(geometry: CanvasGeometry, transitionFrames: number, found?: FoundFor): Promise<void> {
    if (found === undefined) this.#followed.stop();
    else if (this.#followed.take(geometry, found, transitionFrames)) return;
    await this.#composer.setGeometry(geometry, transitionFrames);
  }

  /** Gets ready for pairs of views of other sizes, that are to be shown with this geometry. */
  async prepare(views: ViewSizes, shown: CanvasGeometry): Promise<void> {
    await this.#composer.prepare(views);
    await this.#composer.setGeometry(forViews(shown, views), 0);
  }

  /** The views have other sizes from now on, which were prepared. */
  async resize(views: ViewSizes, shown: CanvasGeometry): Promise<void> {
    this.#followed.resize(views);
    await this.#composer.setGeometry(shown, 0);
  }

  /** Changes what shows where no view is; cropping is the geometry's business. */
  setFill(fill: Fill): void {
    this.#composer.setBlurred(fill === 'blur');
  }

  /**
   * The views have exchanged their cameras: what was learned of a camera goes with it.
   * @param shown what is to be shown now, when it is another geometry
   */
  async exchangeViews(shown: CanvasGeometry | undefined): Promise<void> {
    this.#loop.exchangeViews();
    if (shown === undefined) this.#followed.stop();
    else await this.show(shown, 0);
  }

  /** The networks are asked about a pair: their answer can then be carried on from it. The caller keeps its holds. */
  look(pair: FramePair): void {
    this.#followed.look(pair);
  }

  /** What both cameras have done since another pair, as far as it is known. The caller keeps its holds. */
  motions(since: PairTimes, pair: FramePair): CameraMotions {
    return this.#followed.motions(since, pair);
  }

  /** Takes over the pair's holds. */
  submit(pair: FramePair): void {
    this.#loop.submit(pair);
  }

  /** Changes the bit rate without a gap. */
  setBitrate(kbps: number): void {
    this.#encoder.setBitrate(kbps);
  }

  /** Panoramas the encoder took, and those that compose or encoder gave up. */
  get counts(): { readonly made: number; readonly dropped: number } {
    return { made: this.#loop.made, dropped: this.#loop.replaced + this.#encoder.dropped };
  }

  /** Makes this share of the panoramas asked for. */
  setRateShare(share: number): void {
    this.#loop.setRateShare(share);
  }

  requestKeyframe(): void {
    this.#encoder.requestKeyframe();
  }

  /** A copy of the next panorama, I420; undefined before the first pair. */
  async picture(): Promise<{ bytes: Uint8Array; size: Size } | undefined> {
    if (this.#loop.last === undefined) return undefined;
    const bytes = await withDeadline(this.#loop.nextPanorama(), PICTURE_TIMEOUT_MS, 'the next panorama');
    return { bytes, size: this.#size };
  }

  /** The part of a job's status that comes from its output; zeros before there is one. */
  static statusOf(
    output: Output | undefined,
    pairing: FramePairerStats,
  ): Pick<PipelineStatus, 'fps' | 'dropped' | 'skewMs' | 'delayMs' | 'output'> {
    const unpaired = {
      'reference frame without a partner': pairing.droppedReferences,
      'target frame without a partner': pairing.droppedTargets,
    };
    if (output === undefined) {
      const none = { p50: 0, p95: 0 };
      return { fps: 0, dropped: unpaired, skewMs: none, delayMs: new StageDelays().summary(), output: undefined };
    }
    return {
      fps: output.#loop.rate.perSecond(output.#clock.nowUs()),
      dropped: { ...unpaired, 'compose was busy': output.#loop.replaced, 'encoder was busy': output.#encoder.dropped },
      skewMs: output.#loop.skew.summary(),
      delayMs: output.#delays.summary(),
      output: { ...output.#size, bitrateKbps: output.#encoder.bitrateKbps },
    };
  }

  async close(): Promise<void> {
    await this.#loop.close();
    await Promise.all([this.#encoder.close(), this.#composer.close()]);
  }
}
