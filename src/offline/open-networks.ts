import { compileKernels } from '../compose/kernel-module.ts';
import { SharedMemoryPlan } from '../contract/memory-plan.ts';
import { InferenceClient, type InferenceClientOptions } from '../inference/inference-client.ts';

/** Memory that one pair may still need, bytes. The plan gives nothing back and ends at 1 GiB. */
const FULL_BYTES = 640 << 20;

/** Networks and memory that can serve one stitch after the other, so that a bundle is loaded once for many pairs. */
export class OpenNetworks {
  readonly memory: SharedMemoryPlan;
  readonly kernels: WebAssembly.Module;
  readonly client: InferenceClient;

  private constructor(memory: SharedMemoryPlan, kernels: WebAssembly.Module, client: InferenceClient) {
    this.memory = memory;
    this.kernels = kernels;
    this.client = client;
  }

  /** @throws SeamlineError `model-invalid`, `inference-failed` */
  static async open(options: Omit<InferenceClientOptions, 'memory' | 'kernels' | 'cadence'>): Promise<OpenNetworks> {
    const memory = new SharedMemoryPlan();
    const kernels = await compileKernels();
    const client = await InferenceClient.start({ ...options, memory, kernels, cadence: 'every-frame' });
    return new OpenNetworks(memory, kernels, client);
  }

  /** True when the next stitch needs new ones. */
  get isFull(): boolean {
    return this.memory.memory.buffer.byteLength > FULL_BYTES;
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    await this.client.close();
  }
}
