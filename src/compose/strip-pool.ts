import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { withDeadline } from '../common/deadline.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { siblingModule } from '../process/sibling-module.ts';
import type { ControlBlock, StripWorkerData } from './strip-protocol.ts';
import { controlBlock, controlBytes, DONE, QUIT, SEQUENCE } from './strip-protocol.ts';

/** A worker that has not started or drawn in this time is broken, ms. */
const DEADLINE_MS = 10_000;

/** The strip workers and the control block they wait on. */
export class StripPool {
  readonly control: ControlBlock;
  readonly #workers: readonly Worker[];
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  private constructor(control: ControlBlock, workers: readonly Worker[]) {
    this.control = control;
    this.#workers = workers;
    for (const worker of workers) {
      worker.on('error', (error) => this.#fail(new Error('a compose worker failed', { cause: error })));
      worker.on('exit', () => this.#fail(new Error('a compose worker ended')));
    }
  }

  /** Starts one worker for each layout offset and waits until all are ready. @throws SeamlineError `timeout` */
  static async start(
    shared: Omit<StripWorkerData, 'control' | 'index' | 'workers' | 'layoutOffset'>,
    layoutOffsets: readonly number[],
  ): Promise<StripPool> {
    const control = new SharedArrayBuffer(controlBytes(layoutOffsets.length));
    const workers = layoutOffsets.map((layoutOffset, index) => {
      const data: StripWorkerData = { ...shared, control, index, workers: layoutOffsets.length, layoutOffset };
      return new Worker(siblingModule(import.meta.url, './compose.worker'), { workerData: data });
    });
    const ready = Promise.all(workers.map((worker) => once(worker, 'message')));
    try {
      await withDeadline(ready, DEADLINE_MS, 'the start of the compose workers');
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.terminate()));
      throw error;
    }
    return new StripPool(controlBlock(control), workers);
  }

  /** Lets all workers carry out the control block. One call at a time. @throws Error when a worker is lost */
  async run(): Promise<void> {
    const { words } = this.control;
    if (this.#failure !== undefined) throw this.#failure;
    Atomics.store(words, DONE, 0);
    Atomics.add(words, SEQUENCE, 1);
    Atomics.notify(words, SEQUENCE);
    for (;;) {
      const done = Atomics.load(words, DONE);
      if (done === this.#workers.length) return;
      const wait = Atomics.waitAsync(words, DONE, done, DEADLINE_MS);
      const outcome = wait.async ? await wait.value : wait.value;
      // A worker's event may have set it during the wait.
      if (this.#failure !== undefined) throw this.#failure;
      if (outcome === 'timed-out') throw new SeamlineError('timeout', `a panorama took longer than ${DEADLINE_MS} ms`);
    }
  }

  /** Ends the workers after the frame they draw. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  async #stop(): Promise<void> {
    const { words } = this.control;
    const ended = Promise.all(
      this.#workers.filter((worker) => worker.threadId !== -1).map((worker) => once(worker, 'exit')),
    );
    Atomics.store(words, QUIT, 1);
    Atomics.add(words, SEQUENCE, 1);
    Atomics.notify(words, SEQUENCE);
    try {
      await withDeadline(ended, DEADLINE_MS, 'the end of the compose workers');
    } catch {
      // A worker that does not come back from its frame is ended by force; nothing else waits for it.
      await Promise.all(this.#workers.map((worker) => worker.terminate()));
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    // Wakes `run`, which would otherwise wait for a worker that is gone.
    Atomics.notify(this.control.words, DONE);
  }
}
