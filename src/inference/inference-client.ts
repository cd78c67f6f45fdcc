import { setTimeout } from 'node:timers/promises';
import { backoffMs } from '../common/backoff.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import type { BundleManifest } from '../contract/bundle-manifest.ts';
import type { Frame } from '../contract/frame-ring.ts';
import type { SharedMemoryPlan } from '../contract/memory-plan.ts';
import type { CameraMotions, InferenceWorkerData, ViewRef } from '../contract/worker-messages.ts';
import type { Logger } from '../logging/logger.ts';
import { cadenceOn } from './cadence.ts';
import { probeProvider, probeProviders, type ProviderFallback } from './execution-provider.ts';
import { type GeometryReply, InferenceThread } from './inference-thread.ts';
import { readManifest } from './model-store.ts';
import { scaledBytes } from './scale-view.ts';
import type { PipelineCadence } from './warp-pipeline.ts';

export type { GeometryReply } from './inference-thread.ts';

/** The provider that cannot be lost: it is tried again and again when nothing else is left. */
const LAST_RESORT = 'cpu';
/** After so many answers earlier losses do not count any more. */
const ANSWERS_TO_FORGET = 100;

/** What a client needs. */
export interface InferenceClientOptions {
  readonly memory: SharedMemoryPlan;
  readonly kernels: WebAssembly.Module;
  /** Folder of the bundle. */
  readonly modelFolder: string;
  readonly profile?: string | undefined;
  /** Execution providers in the order of trial. */
  readonly providers: readonly string[];
  readonly deviceId?: number | undefined;
  readonly threads: number;
  /** `live`: within a budget, but every frame where `cadenceOn` says so. */
  readonly cadence: PipelineCadence;
  readonly log: Logger;
}

/**
 * The main thread's end of the inference worker: one request at a time. When a provider fails the next one takes over,
 * and after the last the processor is tried again, with pauses, for as long as the client lives.
 */
export class InferenceClient {
  readonly manifest: BundleManifest;
  readonly #options: InferenceClientOptions;
  readonly #data: Omit<InferenceWorkerData, 'provider' | 'cadence'>;
  readonly #stop = new AbortController();
  #fallbacks: readonly ProviderFallback[];
  /** Providers that were not tried yet. */
  #left: string[];
  #provider = '';
  #worker: InferenceThread | undefined;
  #restart: Promise<void> | undefined;
  /** Why there is no worker at the moment. */
  #loss = '';
  /** Losses with few answers in between; sets the pause before the next start. */
  #losses = 0;
  #answers = 0;
  #nextId = 1;
  #isBusy = false;
  #closing: Promise<void> | undefined;

  private constructor(
    options: InferenceClientOptions,
    manifest: BundleManifest,
    usable: readonly string[],
    fallbacks: readonly ProviderFallback[],
  ) {
    this.manifest = manifest;
    this.#options = options;
    this.#left = [...usable];
    this.#fallbacks = fallbacks;
    const scratchBytes = scaledBytes(manifest.input);
    this.#data = {
      memory: options.memory.memory,
      scratchByteOffset: options.memory.allocate(2 * scratchBytes),
      scratchBytes,
      kernels: options.kernels,
      modelFolder: options.modelFolder,
      profile: options.profile,
      deviceId: options.deviceId,
      threads: options.threads,
    };
  }

  /**
   * Probes the providers, loads the bundle on the first that works, and warms it up.
   * @throws SeamlineError `model-invalid` when the bundle is unfit, `inference-failed` when no provider can run it
   */
  static async start(options: InferenceClientOptions): Promise<InferenceClient> {
    const manifest = await readManifest(options.modelFolder);
    const { usable, fallbacks } = await probeProviders(options.providers, options.deviceId);
    for (const { provider, reason } of fallbacks) options.log.warn('provider passed over', { provider, reason });
    const client = new InferenceClient(options, manifest, usable, fallbacks);
    await client.#startNext();
    return client;
  }

  /** The execution provider in use; empty while the networks are being started again. */
  get provider(): string {
    return this.#worker === undefined ? '' : this.#provider;
  }

  /** How often the networks run on the provider in use. */
  get cadence(): PipelineCadence {
    return this.#cadenceOn(this.#provider);
  }

  #cadenceOn(provider: string): PipelineCadence {
    return cadenceOn(provider, this.manifest.kind, this.#options.cadence);
  }

  /** Why providers before it were passed over. */
  get fallbacks(): readonly ProviderFallback[] {
    return this.#fallbacks;
  }

  /** True while an answer is outstanding. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /**
   * Asks for the geometry of a pair. Both frames are held until the answer; the caller keeps its own holds.
   * @param anchor compare the views anew; otherwise the last comparison may be carried on
   * @param motions what the cameras have done since the pair before, as far as it is known
   * @throws SeamlineError `inference-failed`, at once while another provider is being started
   */
  async submit(
    reference: Frame,
    target: Frame,
    ptsUs: number,
    anchor: boolean,
    motions: CameraMotions = [undefined, undefined],
  ): Promise<GeometryReply> {
    if (this.#isBusy) throw new Error('one pair at a time');
    if (this.#closing !== undefined) throw new Error('the networks are closed');
    if (this.#worker === undefined) {
      throw new SeamlineError('inference-failed', `the networks are being started again: ${this.#loss}`);
    }
    this.#isBusy = true;
    reference.retain();
    target.retain();
    try {
      const id = this.#nextId;
      this.#nextId += 1;
      const views = { reference: viewRef(reference), target: viewRef(target) };
      const reply = await this.#worker.ask({ kind: 'pair', id, ptsUs, ...views, anchor, motions });
      this.#answers += 1;
      if (this.#answers > ANSWERS_TO_FORGET) this.#losses = 0;
      return reply;
    } catch (error) {
      if (this.#closing === undefined) this.#replaceWorker(error);
      throw error;
    } finally {
      reference.release();
      target.release();
      this.#isBusy = false;
    }
  }

  /** Forgets window and anchors, for example after the views were swapped. */
  reset(): void {
    this.#worker?.post({ kind: 'reset' });
  }

  #replaceWorker(error: unknown): void {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#worker = undefined;
    this.#pass(this.#provider, error);
    this.#restart = this.#moveOn(worker);
  }

  /** Never rejects: what fails shows in the next answer. */
  async #moveOn(worker: InferenceThread): Promise<void> {
    await worker.close();
    const { signal } = this.#stop;
    this.#answers = 0;
    for (; !signal.aborted; this.#losses += 1) {
      // Stopped early when the client is closed.
      const pauseMs = this.#losses === 0 ? 0 : backoffMs(this.#losses - 1, Math.random);
      await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined);
      if (this.#left.length === 0) this.#left = [LAST_RESORT];
      try {
        await this.#passUnfit();
        await this.#startNext();
        this.#losses += 1;
        return;
      } catch (failure) {
        this.#loss = textOf(failure);
        this.#options.log.error('no provider is left', { err: failure });
      }
    }
  }

  /** Leaves out providers that do not pass their probe now, up to the first that does. */
  async #passUnfit(): Promise<void> {
    for (; this.#left.length > 0; this.#left.shift()) {
      const provider = this.#left[0]!;
      const reason = await probeProvider(provider, this.#options.deviceId);
      if (reason === undefined) return;
      this.#pass(provider, reason);
    }
  }

  #pass(provider: string, why: unknown): void {
    const reason = textOf(why);
    this.#loss = reason;
    this.#fallbacks = [...this.#fallbacks.filter((known) => known.provider !== provider), { provider, reason }];
    this.#options.log.warn('provider passed over', { provider, reason });
  }

  async #startNext(): Promise<void> {
    let failure: unknown;
    for (let provider = this.#left.shift(); provider !== undefined; provider = this.#left.shift()) {
      const worker = new InferenceThread({ ...this.#data, provider, cadence: this.#cadenceOn(provider) });
      try {
        const warmUpMs = await worker.ready();
        this.#worker = worker;
        this.#provider = provider;
        this.#options.log.info('networks ready', {
          provider,
          model: this.manifest.name,
          durationMs: Math.round(warmUpMs),
        });
        return;
      } catch (error) {
        await worker.close();
        // A wrong bundle is wrong on every provider.
        if (error instanceof SeamlineError && error.type === 'model-invalid') throw error;
        failure = error;
        this.#pass(provider, error);
      }
    }
    if (failure instanceof SeamlineError) throw failure;
    const reasons = this.#fallbacks.map(({ provider, reason }) => `${provider} ${reason}`).join('; ');
    throw new SeamlineError('inference-failed', `no execution provider works: ${reasons}`);
  }

  /** Ends the worker. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#stop.abort();
      await this.#restart;
      await this.#worker?.close();
    })();
    return this.#closing;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function viewRef(frame: Frame): ViewRef {
  return { camera: frame.camera, byteOffset: frame.byteOffset, size: frame.size };
}
