import { SafeUrl } from '../common/safe-url.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { compileKernels } from '../compose/kernel-module.ts';
import type { Frame } from '../contract/frame-ring.ts';
import type { JobChange, PipelinePhase, PipelineStatus } from '../contract/job-messages.ts';
import type { JobSpec, PipelineSettings } from '../contract/job-spec.ts';
import { SharedMemoryPlan } from '../contract/memory-plan.ts';
import type { CameraIndex } from '../contract/pixels.ts';
import type { CanvasGeometry, ManualGeometry } from '../contract/warp-state.ts';
import type { ViewSizes } from '../geometry/canvas.ts';
import { toManualGeometry } from '../geometry/manual-geometry.ts';
import { Cadence } from '../inference/cadence.ts';
import type { InferenceClient } from '../inference/inference-client.ts';
import type { CameraSource } from '../ingest/camera-source.ts';
import { type FramePair, FramePairer } from '../pairing/frame-pairer.ts';
import { type FfmpegInfo, findFfmpeg } from '../process/ffmpeg.ts';
import { alignDeadlineUs } from './align-deadline.ts';
import { CameraPair } from './camera-pair.ts';
import { CanvasKeeper } from './canvas-keeper.ts';
import { GeometryLoop } from './geometry-loop.ts';
import type { FoundFor } from './geometry-pairs.ts';
import { GeometryState } from './geometry-state.ts';
import { type LoadControl, watchLoad } from './load-control.ts';
import { Output } from './output.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { jpegOf } from './snapshot.ts';
import { ViewScaler } from './view-scaler.ts';
import { ViewSet } from './view-set.ts';
import { nominalRate } from './working-size.ts';

/** How often pairing, timeouts and stills are looked after. */
const TICK_MS = 10;
/** Frames over which a first alignment replaces side by side, and a new plan an old one: two seconds at 25 a second. */
const REPLAN_FRAMES = 50;

/** One running stitch: connects the stages in the order of the flow and holds none of their logic. */
export class JobPipeline {
  #spec: JobSpec;
  readonly #settings: PipelineSettings;
  readonly #ports: PipelinePorts;
  readonly #memory = new SharedMemoryPlan();
  readonly #views: ViewSet;
  readonly #scaler: ViewScaler;
  readonly #geometry: GeometryState;
  readonly #pairer: FramePairer;
  readonly #cameras: CameraPair;
  #ffmpeg: FfmpegInfo | undefined;
  #kernels: WebAssembly.Module | undefined;
  #client: InferenceClient | undefined;
  #loop: GeometryLoop | undefined;
  #cadence: Cadence | undefined;
  #canvas: CanvasKeeper | undefined;
  #output: Output | undefined;
  #load: LoadControl | undefined;
  #opening: Promise<void> | undefined;
  #phase: PipelinePhase = 'starting';
  #firstFrameUs: number | undefined;
  #bothLiveUs: number | undefined;
  #networksUs: number | undefined;
  #fpsMeasured = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #closing: Promise<void> | undefined;

  constructor(spec: JobSpec, settings: PipelineSettings, ports: PipelinePorts) {
    this.#spec = spec;
    this.#settings = settings;
    this.#ports = ports;
    this.#views = new ViewSet(this.#memory, spec.width);
    this.#geometry = new GeometryState(ports.clock);
    this.#cameras = new CameraPair({
      isSwapped: spec.swap,
      open: (view, camera) => this.#openCamera(view, camera),
      onExchanged: () => this.#onExchanged(),
    });
    this.#scaler = new ViewScaler({
      views: this.#views,
      cameras: () => this.#cameras.views,
      prepare: async (sizes) => {
        const { shown } = this.#geometry;
        if (shown !== undefined) await this.#output?.prepare(sizes, shown);
      },
      onSwitched: (sizes, missing) => this.#onResized(sizes, missing),
      onError: (err) => ports.log.warn('the views keep their working size', { err }),
    });
    this.#pairer = new FramePairer({
      ...(settings.maxSkewMs === undefined ? {} : { maxSkewUs: settings.maxSkewMs * 1000 }),
      onPair: (pair) => this.#onPair(pair),
    });
    this.#setSyncOffset();
  }

  /** Starts cameras and networks at once. @throws SeamlineError when ffmpeg or the bundle is unfit */
  async start(): Promise<void> {
    const { inference, log } = this.#ports;
    this.#ffmpeg = await findFfmpeg(this.#settings.ffmpegPath);
    this.#kernels = await compileKernels();
    this.#cameras.start();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#phase = 'warming';
    this.#geometry.reject(0, 'the networks are still being loaded');
    this.#client = await inference.start({
      settings: this.#settings,
      model: this.#spec.model,
      memory: this.#memory,
      kernels: this.#kernels,
      log: log.child({ stage: 'inference' }),
    });
    if (this.#closing !== undefined) {
      await this.#client.close();
      return;
    }
    this.#networksUs = this.#ports.clock.nowUs();
    this.#geometry.reject(0, 'no pair of pictures was compared yet');
    // The output may have been opened side by side meanwhile.
    if (this.#phase === 'warming') this.#phase = 'aligning';
    const cadence = new Cadence({
      budgetShare: this.#settings.inferenceBudget,
      mode: () => required(this.#client).cadence,
    });
    this.#cadence = cadence;
    this.#loop = new GeometryLoop({
      client: this.#client,
      cadence,
      clock: this.#ports.clock,
      motions: (since, pair) => this.#output?.motions(since, pair),
      onGeometry: (plane, reply, found) => {
        this.#geometry.noteNetworks(reply.networkMs);
        // An answer that was under way when the geometry was fixed by hand.
        if (this.#spec.geometry !== undefined) return;
        // Or before the views were brought to another size.
        if (found.referenceView.widthPx !== this.#views.sizes?.reference.widthPx) return;
        const placed = this.#keeper()?.network(plane);
        if (placed === undefined) return;
        if (this.#output === undefined) this.#open(() => placed.geometry);
        else this.#show(placed.geometry, placed.isReplanned ? REPLAN_FRAMES : this.#stepFrames(), found);
      },
      onRejected: (reply) => {
        this.#geometry.noteNetworks(reply.networkMs);
        this.#geometry.reject(reply.confidence, reply.reason);
      },
      onLost: (reason) => this.#geometry.reject(0, `the networks failed: ${reason}`),
      onError: (error) => this.#ports.onFailure(error),
    });
    if (this.#spec.geometry !== undefined) this.#loop.pause(true);
  }

  #openCamera(view: CameraIndex, camera: CameraIndex): CameraSource {
    const url = camera === 0 ? this.#spec.url1 : this.#spec.url2;
    return this.#ports.ingest.open({
      view,
      camera,
      url: SafeUrl.parse(url, ['rtsp', 'rtsps'], `url${camera + 1}`),
      spec: this.#spec,
      settings: this.#settings,
      ffmpeg: required(this.#ffmpeg),
      createRing: (native) => this.#views.createRing(view, native),
      onFrame: (frame) => this.#onFrame(frame),
      // Another size can mean another field of view: nothing of the old alignment counts.
      onChanged: () => this.#client?.reset(),
      log: this.#ports.log,
    });
  }

  #onExchanged(): void {
    const nowUs = this.#ports.clock.nowUs();
    this.#client?.reset();
    this.#setSyncOffset();
    this.#output?.exchangeViews(this.#geometry.exchange()).catch(this.#ports.onFailure);
    this.#pairer.forget();
    // A view whose new camera is away is dark: the last picture of the old one would be in the wrong place.
    if (this.#output === undefined || !this.#views.isSettled) return;
    for (const view of [0, 1] as const) this.#pairer.offer(this.#views.blackFrame(view, nowUs), nowUs);
  }

  /** It is told of `url2`, whichever view that feeds; pairing adds to the times of the target view. */
  #setSyncOffset(): void {
    const us = this.#spec.syncOffsetMs * 1000;
    this.#pairer.setSyncOffset(this.#cameras.isSwapped ? -us : us);
  }

  #onFrame(frame: Frame): void {
    const nowUs = this.#ports.clock.nowUs();
    this.#firstFrameUs ??= nowUs;
    if (this.#scaler.admits(frame)) this.#pairer.offer(frame, nowUs);
    else frame.release();
  }

  /** Frames of another working size come from now on. */
  #onResized(sizes: ViewSizes, missing: readonly CameraIndex[]): void {
    const nowUs = this.#ports.clock.nowUs();
    this.#pairer.forget();
    for (const camera of missing) this.#pairer.offer(this.#views.blackFrame(camera, nowUs), nowUs);
    this.#keeper()?.resize(sizes);
    const shown = this.#geometry.resize(sizes);
    if (shown !== undefined) this.#output?.resize(sizes, shown).catch(this.#ports.onFailure);
  }

  #onPair(pair: FramePair): void {
    if (!pair.referenceIsHeld && !pair.targetIsHeld) this.#bothLiveUs ??= this.#ports.clock.nowUs();
    const isAsked = this.#loop?.offer(pair) === true;
    if (isAsked) this.#output?.look(pair);
    if (this.#output === undefined) {
      pair.reference.release();
      pair.target.release();
    } else this.#output.submit(pair);
  }

  #tick(): void {
    const nowUs = this.#ports.clock.nowUs();
    this.#pairer.tick(nowUs);
    this.#load?.tick();
    if (this.#output !== undefined || this.#opening !== undefined || this.#firstFrameUs === undefined) return;
    const manual = this.#spec.geometry;
    if (this.#views.sizes === undefined || manual === undefined) {
      const liveUs = this.#bothLiveUs ?? this.#firstFrameUs;
      if (nowUs < alignDeadlineUs(liveUs, this.#networksUs, this.#settings.alignTimeoutMs * 1000)) return;
      for (const camera of [0, 1] as const) {
        if (this.#views.isUnknown(camera)) this.#pairer.offer(this.#views.blackFrame(camera, nowUs), nowUs);
      }
    }
    this.#open((canvas) => (manual === undefined ? canvas.sideBySide() : this.#byHand(canvas, manual)));
  }

  #keeper(): CanvasKeeper | undefined {
    const sizes = this.#views.sizes;
    if (sizes === undefined) return undefined;
    const { maxOutputWidth, outputWidth, outputHeight, fill } = this.#spec;
    this.#canvas ??= new CanvasKeeper(
      sizes,
      { maxWidthPx: maxOutputWidth, outputWidthPx: outputWidth, outputHeightPx: outputHeight, fill },
      this.#ports.clock,
    );
    return this.#canvas;
  }

  /** Decides the output's size with the first geometry and opens composer and encoder. */
  #open(first: (canvas: CanvasKeeper) => CanvasGeometry): void {
    const canvas = this.#keeper();
    const sizes = this.#views.sizes;
    if (canvas === undefined || sizes === undefined || this.#opening !== undefined) return;
    const { clock, onItem, onFailure, log } = this.#ports;
    this.#opening = (async () => {
      const fixed = this.#spec.geometry;
      const geometry = first(canvas);
      const fps =
        this.#spec.fps ??
        nominalRate(this.#cameras.views[0]?.status().fps || (this.#cameras.views[1]?.status().fps ?? 0));
      this.#fpsMeasured = fps;
      const output = await Output.open({
        memory: this.#memory,
        kernels: required(this.#kernels),
        ffmpeg: required(this.#ffmpeg),
        views: sizes,
        size: geometry.canvas,
        fps,
        spec: this.#spec,
        settings: this.#settings,
        clock,
        onItem,
        onEncoded: (times) => this.#load?.note(times),
        onError: onFailure,
        log,
      });
      await output.show(geometry, 0);
      output.setFill(this.#spec.fill);
      this.#geometry.show(geometry);
      this.#output = output;
      this.#load = watchLoad({
        ...{ clock, fps, output, log, cameras: () => this.#cameras.views },
        networks: { slowDown: (factor) => this.#cadence?.slowDown(factor) },
        views: this.#scaler,
      });
      // Fixed by hand while the output was opened with something else.
      const manual = this.#spec.geometry;
      if (manual !== undefined && manual !== fixed) this.#show(this.#byHand(canvas, manual), 0);
      this.#phase = 'running';
      log.info('output opened', {
        widthPx: geometry.canvas.widthPx,
        heightPx: geometry.canvas.heightPx,
        fps,
        geometry: geometry.origin,
      });
    })().catch(onFailure);
  }

  #byHand(canvas: CanvasKeeper, manual: ManualGeometry): CanvasGeometry {
    const { geometry, refusal } = canvas.manualOrSideBySide(manual);
    this.#geometry.refuse(refusal);
    return geometry;
  }

  #show(geometry: CanvasGeometry, transitionFrames: number, found?: FoundFor): void {
    this.#geometry.show(geometry);
    this.#output?.show(geometry, transitionFrames, found).catch(this.#ports.onFailure);
  }

  /** Frames until the next geometry is due, so that one blends into the next. */
  #stepFrames(): number {
    const rate = this.#geometry.summary().rate;
    return Math.max(1, Math.min(25, Math.round(this.#fpsMeasured / Math.max(rate, 1))));
  }

  /** Figures for the status. */
  status(): PipelineStatus {
    const client = this.#client;
    return {
      phase: this.#phase,
      cameras: this.#cameras.status(),
      geometry: this.#geometry.summary(),
      provider: client?.provider ?? '',
      cadence: this.#loop?.summary() ?? { mode: 'live', updatesPerSecond: 0, comparisonsPerSecond: 0 },
      providerFallbacks: client?.fallbacks ?? [],
      load: this.#load?.status() ?? { level: 0, reason: '' },
      memoryMb: Math.round(process.memoryUsage.rss() / 1_048_576),
      ...Output.statusOf(this.#output, this.#pairer.stats),
    };
  }

  requestKeyframe(): void {
    this.#output?.requestKeyframe();
  }

  /**
   * Changes all that is given, or nothing. The output's size stays; cameras that are exchanged connect anew, and the
   * output goes on with the last picture meanwhile.
   * @throws SeamlineError when the geometry cannot be used
   */
  async change({ bitrateKbps, syncOffsetMs, fill, geometry, swap }: JobChange): Promise<void> {
    // Without both views yet, the output opens with it later.
    if (geometry !== undefined && geometry !== null) this.#keeper()?.check(geometry);
    const spec = this.#spec;
    const manual = geometry === undefined ? spec.geometry : (geometry ?? undefined);
    this.#spec = {
      ...spec,
      bitrateKbps: bitrateKbps ?? spec.bitrateKbps,
      syncOffsetMs: syncOffsetMs ?? spec.syncOffsetMs,
      fill: fill ?? spec.fill,
      geometry: manual,
      swap: swap ?? spec.swap,
    };
    if (bitrateKbps !== undefined) this.#output?.setBitrate(bitrateKbps);
    if (fill !== undefined) {
      this.#output?.setFill(fill);
      this.#canvas?.setFill(fill);
    }
    if (geometry !== undefined) this.#loop?.pause(geometry !== null);
    if (geometry === null) {
      this.#geometry.refuse('');
      this.#client?.reset();
    }
    // The networks' next geometry is placed anew; one that was fixed by hand does not come again by itself.
    const isPlacedAnew = geometry !== undefined || fill !== undefined;
    if (manual !== undefined && isPlacedAnew && this.#canvas !== undefined && this.#output !== undefined) {
      this.#show(this.#byHand(this.#canvas, manual), REPLAN_FRAMES);
    }
    const exchanged = swap === undefined ? undefined : this.#cameras.swap(swap);
    this.#setSyncOffset();
    await exchanged;
  }

  /** The geometry shown, in the form that `geometry` of a request takes. @throws SeamlineError before there is one */
  geometry(): ManualGeometry {
    const shown = this.#geometry.shown;
    if (shown === undefined) throw notYet();
    return toManualGeometry(shown);
  }

  /** The newest panorama as JPEG. @throws SeamlineError before there is one */
  async snapshot(): Promise<Uint8Array> {
    const picture = await this.#output?.picture();
    if (picture === undefined) throw notYet();
    return jpegOf(picture.bytes, picture.size, required(this.#ffmpeg));
  }

  /** Ends every stage in the order of the flow. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#phase = 'stopping';
      clearInterval(this.#timer);
      this.#loop?.close();
      await this.#cameras.close();
      this.#pairer.close();
      await this.#opening;
      await Promise.all([this.#output?.close(), this.#client?.close()]);
    })();
    return this.#closing;
  }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the pipeline is not started');
  return value;
}

function notYet(): SeamlineError {
  return new SeamlineError(
    'stream-not-found',
    'there is no panorama yet: the cameras have not given a pair of pictures',
  );
}
