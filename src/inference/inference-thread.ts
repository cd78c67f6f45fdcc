import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { SeamlineError } from '../common/seamline-error.ts';
import type { InferenceReply, InferenceRequest, InferenceWorkerData } from '../contract/worker-messages.ts';
import { siblingModule } from '../process/sibling-module.ts';

/** Loading and warming three networks; a GPU may compile kernels meanwhile. */
const READY_DEADLINE_MS = 120_000;
/** TensorRT tries many ways to run each network before it keeps one, unless its engines are in its cache. */
const ENGINES_DEADLINE_MS = 900_000;
/** Answer to one pair on a machine that is overloaded. */
const REPLY_DEADLINE_MS = 30_000;
/** Giving the networks back takes milliseconds. */
const CLOSE_DEADLINE_MS = 2000;

/** The thread's name, as tools for debugging show it. */
const NAME = 'networks';

/** Answer to one pair. */
export type GeometryReply = Extract<InferenceReply, { kind: 'geometry' }>;

/** One worker thread and the one answer it owes. */
export class InferenceThread {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #readyDeadlineMs: number;
  #resolve: ((reply: InferenceReply) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;
  #failure: SeamlineError | undefined;

  constructor(data: InferenceWorkerData) {
    this.#readyDeadlineMs = data.provider === 'tensorrt' ? ENGINES_DEADLINE_MS : READY_DEADLINE_MS;
    this.#worker = new Worker(siblingModule(import.meta.url, './inference.worker'), {
      workerData: data,
      name: NAME,
    });
    this.#worker.on('message', (reply: InferenceReply) => {
      if (reply.kind === 'failed') this.#reject?.(SeamlineError.fromProblem(reply.problem));
      else this.#resolve?.(reply);
    });
    this.#worker.on('error', (error) =>
      this.#fail(new SeamlineError('inference-failed', String(error), { cause: error })),
    );
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#fail(new SeamlineError('inference-failed', 'the thread of the networks ended'));
        resolve();
      });
    });
  }

  /** Resolves when the networks are loaded. @returns how long that took, ms @throws SeamlineError when they cannot be */
  async ready(): Promise<number> {
    const reply = await this.#answer(this.#readyDeadlineMs, 'loading the networks');
    if (reply.kind !== 'ready') throw new Error(`unexpected ${reply.kind}`);
    return reply.warmUpMs;
  }

  /** One pair at a time. @throws SeamlineError `inference-failed`, at once when the thread has ended */
  async ask(request: Extract<InferenceRequest, { kind: 'pair' }>): Promise<GeometryReply> {
    const answer = this.#answer(REPLY_DEADLINE_MS, 'the geometry of a pair');
    this.post(request);
    const reply = await answer;
    if (reply.kind !== 'geometry' || reply.id !== request.id) throw new Error(`unexpected ${reply.kind}`);
    return reply;
  }

  /** Sends what needs no answer. */
  post(request: InferenceRequest): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
    this.#worker.postMessage(request);
  }

  #fail(error: SeamlineError): void {
    this.#failure ??= error;
    this.#reject?.(this.#failure);
  }

  #answer(ms: number, what: string): Promise<InferenceReply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise<InferenceReply>((resolve, reject) => {
      const timer = globalThis.setTimeout(
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

  /**
   * Asks the thread to end. One that does not is left behind: to terminate it while it is inside ONNX Runtime
   * would abort the whole process.
   */
  async close(): Promise<void> {
    this.post({ kind: 'close' });
    const timer = new AbortController();
    await Promise.race([
      this.#ended,
      setTimeout(CLOSE_DEADLINE_MS, undefined, { signal: timer.signal }).catch(() => undefined),
    ]);
    timer.abort();
    this.#worker.unref();
  }
}
