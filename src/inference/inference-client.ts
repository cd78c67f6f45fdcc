import { Worker } from 'node:worker_threads';
import { SeamlineError } from '../common/seamline-error.ts';
import type { BundleManifest } from '../contract/bundle-manifest.ts';
import type { Frame } from '../contract/frame-ring.ts';
import type { SharedMemoryPlan } from '../contract/memory-plan.ts';
import type { InferenceReply, InferenceRequest, InferenceWorkerData, ViewRef } from '../contract/worker-messages.ts';
import type { Logger } from '../logging/logger.ts';
import { siblingModule } from '../process/sibling-module.ts';
import { probeProvider, probeProviders, type ProviderFallback } from './execution-provider.ts';
import { readManifest } from './model-store.ts';
import { scaledBytes } from './scale-view.ts';

/** Loading and warming three networks; a GPU may compile kernels meanwhile. */
const READY_DEADLINE_MS = 120_000;
/** Answer to one pair on a machine that is overloaded. */
const REPLY_DEADLINE_MS = 30_000;

/** Answer to one pair. */
export type GeometryReply = Extract<InferenceReply, { kind: 'geometry' }>;

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
  readonly cadence: 'live' | 'every-frame';
  readonly log: Logger;
}

/** The main thread's end of the inference worker: one request at a time, the next provider when one fails. */
export class InferenceClient {
  readonly manifest: BundleManifest;
  readonly #options: InferenceClientOptions;
  readonly #data: Omit<InferenceWorkerData, 'provider'>;
  readonly #fallbacks: ProviderFallback[];
  /** Providers that were not tried yet. */
  #left: string[];
  #provider = '';
  #worker: InferenceThread | undefined;
  #restart: Promise<void> | undefined;
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
    this.#fallbacks = [...fallbacks];
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
      cadence: options.cadence,
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

  /** The execution provider in use. */
  get provider(): string {
    return this.#provider;
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
   * @throws SeamlineError `inference-failed`; the next provider is then being started
   */
  async submit(reference: Frame, target: Frame, ptsUs: number, anchor: boolean): Promise<GeometryReply> {
    if (this.#isBusy) throw new Error('one pair at a time');
    if (this.#closing !== undefined) throw new Error('the networks are closed');
    this.#isBusy = true;
    reference.retain();
    target.retain();
    try {
      await this.#restart;
      const id = this.#nextId;
      this.#nextId += 1;
      if (this.#worker === undefined) throw new SeamlineError('inference-failed', 'no execution provider is left');
      return await this.#worker.ask({
        kind: 'pair',
        id,
        ptsUs,
        reference: viewRef(reference),
        target: viewRef(target),
        anchor,
      });
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
    const reason = error instanceof Error ? error.message : String(error);
    this.#pass(this.#provider, reason);
    // The processor cannot be lost: after a single failure it gets another try.
    if (this.#left.length === 0 && this.#provider !== 'cpu') this.#left = ['cpu'];
    this.#restart = this.#moveOn(worker);
  }

  /** Never rejects: what fails shows in the next answer. */
  async #moveOn(worker: InferenceThread): Promise<void> {
    try {
      await worker.close();
      for (; this.#left.length > 0; this.#left.shift()) {
        const provider = this.#left[0]!;
        const probed = await probeProvider(provider, this.#options.deviceId);
        if (probed === undefined) break;
        this.#pass(provider, probed);
      }
      await this.#startNext();
    } catch (failure) {
      this.#options.log.error('no provider is left', { err: failure });
    }
  }

  #pass(provider: string, reason: string): void {
    this.#fallbacks.push({ provider, reason });
    this.#options.log.warn('provider passed over', { provider, reason });
  }

  async #startNext(): Promise<void> {
    let failure: unknown;
    for (let provider = this.#left.shift(); provider !== undefined; provider = this.#left.shift()) {
      const worker = new InferenceThread({ ...this.#data, provider });
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
        this.#pass(provider, error instanceof Error ? error.message : String(error));
      }
    }
    if (failure instanceof SeamlineError) throw failure;
    const reasons = this.#fallbacks.map(({ provider, reason }) => `${provider} ${reason}`).join('; ');
    throw new SeamlineError('inference-failed', `no execution provider works: ${reasons}`);
  }

  /** Ends the worker. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      await this.#restart;
      await this.#worker?.close();
    })();
    return this.#closing;
  }
}

function viewRef(frame: Frame): ViewRef {
  return { camera: frame.camera, byteOffset: frame.byteOffset, size: frame.size };
}

/** One worker thread and the one answer it owes. */
class InferenceThread {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #resolve: ((reply: InferenceReply) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;

  constructor(data: InferenceWorkerData) {
    this.#worker = new Worker(siblingModule(import.meta.url, './inference.worker'), { workerData: data });
    this.#worker.on('message', (reply: InferenceReply) => {
      if (reply.kind === 'failed') this.#reject?.(SeamlineError.fromProblem(reply.problem));
      else this.#resolve?.(reply);
    });
    this.#worker.on('error', (error) =>
      this.#reject?.(new SeamlineError('inference-failed', String(error), { cause: error })),
    );
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#reject?.(new SeamlineError('inference-failed', 'the thread of the networks ended'));
        resolve();
      });
    });
  }

  async ready(): Promise<number> {
    const reply = await this.#answer(READY_DEADLINE_MS, 'loading the networks');
    if (reply.kind !== 'ready') throw new Error(`unexpected ${reply.kind}`);
    return reply.warmUpMs;
  }

  async ask(request: Extract<InferenceRequest, { kind: 'pair' }>): Promise<GeometryReply> {
    const answer = this.#answer(REPLY_DEADLINE_MS, 'the geometry of a pair');
    this.post(request);
    const reply = await answer;
    if (reply.kind !== 'geometry' || reply.id !== request.id) throw new Error(`unexpected ${reply.kind}`);
    return reply;
  }

  post(request: InferenceRequest): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
    this.#worker.postMessage(request);
  }

  #answer(ms: number, what: string): Promise<InferenceReply> {
    return new Promise<InferenceReply>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new SeamlineError('inference-failed', `${what} took longer than ${ms} ms`)),
        ms,
      );
      const done = (): void => {
        clearTimeout(timer);
        this.#resolve = undefined;
        this.#reject = undefined;
      };
      this.#resolve = (reply) => {
        done();
        resolve(reply);
      };
      this.#reject = (error) => {
        done();
        reject(error);
      };
    });
  }

  /** Asks the thread to end, and ends it when it does not. */
  async close(): Promise<void> {
    this.post({ kind: 'close' });
    const timer = setTimeout(() => void this.#worker.terminate(), 2000);
    await this.#ended;
    clearTimeout(timer);
  }
}
