/**
 * Thread of the networks: `session.run` computes on the thread that calls it. Pictures are read from the job's shared
 * memory; answers are small. One request at a time.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { SeamlineError } from '../common/seamline-error.ts';
import type { InferenceReply, InferenceRequest, InferenceWorkerData, ViewRef } from '../contract/worker-messages.ts';
import { loadKernels, type Kernels } from '../kernels/index.ts';
import { openNetworks, type LoadedNetworks, type PairPipeline } from './open-networks.ts';
import { scaleView } from './scale-view.ts';

const data = workerData as InferenceWorkerData;
const port = parentPort;
if (port === null) throw new Error('this module runs in a worker thread');

const send = (reply: InferenceReply): void => port.postMessage(reply);

function fail(error: unknown): void {
  const known =
    error instanceof SeamlineError
      ? error
      : new SeamlineError(
          'inference-failed',
          `the networks failed: ${error instanceof Error ? error.message : String(error)}`,
        );
  send({ kind: 'failed', problem: known.toProblem() });
}

/** Scales views into the shared memory and keeps one pipeline for their sizes. */
class PairRunner {
  readonly #networks: LoadedNetworks;
  readonly #kernels: Kernels;
  readonly #pictures: readonly [Float32Array, Float32Array];
  #pipeline: PairPipeline | undefined;
  #sizes = '';

  constructor(networks: LoadedNetworks) {
    this.#networks = networks;
    this.#kernels = loadKernels(data.kernels, data.memory);
    const { input } = networks.manifest;
    const values = (input.pixels === 'luma' ? 1 : 3) * input.width * input.height;
    const picture = (index: number): Float32Array => new Float32Array(data.memory.buffer, this.#offset(index), values);
    this.#pictures = [picture(0), picture(1)];
  }

  #offset(index: number): number {
    return data.scratchByteOffset + index * data.scratchBytes;
  }

  #scale(view: ViewRef, index: 0 | 1): Float32Array {
    scaleView(this.#kernels, view, this.#offset(index), this.#networks.manifest.input);
    return this.#pictures[index];
  }

  reset(): void {
    this.#pipeline?.reset();
  }

  async run(request: Extract<InferenceRequest, { kind: 'pair' }>): Promise<void> {
    const views = { reference: request.reference.size, target: request.target.size };
    const sizes = JSON.stringify(views);
    if (this.#pipeline === undefined || sizes !== this.#sizes) {
      this.#pipeline = this.#networks.pipeline(views, data.cadence);
      this.#sizes = sizes;
    }
    const startedMs = performance.now();
    const reference = this.#scale(request.reference, 0);
    const target = this.#scale(request.target, 1);
    const scaleMs = performance.now() - startedMs;
    const result = await this.#pipeline.next(reference, target, request.ptsUs, request.anchor, request.motions);
    const networkMs = { scale: scaleMs, ...result.networkMs, total: performance.now() - startedMs };
    send({ kind: 'geometry', id: request.id, ptsUs: request.ptsUs, ...result, networkMs });
  }
}

async function main(): Promise<void> {
  const startedMs = performance.now();
  const networks = await openNetworks(data.modelFolder, data.profile, {
    provider: data.provider,
    deviceId: data.deviceId,
    threads: data.threads,
  });
  const runner = new PairRunner(networks);
  port!.on('message', (request: InferenceRequest) => {
    if (request.kind === 'pair') runner.run(request).catch(fail);
    else if (request.kind === 'reset') runner.reset();
    else {
      port!.close();
      networks.close().catch(fail);
    }
  });
  send({ kind: 'ready', provider: data.provider, warmUpMs: performance.now() - startedMs });
}

main().catch(fail);
