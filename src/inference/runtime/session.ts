import ort from 'onnxruntime-node';
import { SeamlineError } from '../../common/seamline-error.ts';
import type { NetworkManifest, TensorManifest } from '../../contract/bundle-manifest.ts';
import { providerOption } from './provider-table.ts';

/** How a network is run. */
export interface SessionOptions {
  /** One execution provider; ONNX Runtime is never given a list, since it would fall back without a word. */
  readonly provider: string;
  readonly deviceId: number | undefined;
  readonly threads: number;
}

/** Named float32 values, in the order of the tensor's shape. */
export type Values = Readonly<Record<string, Float32Array>>;

const elements = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

/** One loaded network. `run` computes on the calling thread and blocks it: use it in a worker only. */
export class NetworkSession {
  readonly name: string;
  readonly #session: ort.InferenceSession;
  readonly #manifest: NetworkManifest;
  /** Milliseconds of the last run. */
  lastMs = 0;

  private constructor(name: string, session: ort.InferenceSession, manifest: NetworkManifest) {
    this.name = name;
    this.#session = session;
    this.#manifest = manifest;
  }

  /**
   * Loads a network, compares its inputs and outputs with the manifest and runs it once.
   * @throws SeamlineError `model-invalid` when they differ, `inference-failed` when ONNX Runtime cannot run it
   */
  static async open(
    name: string,
    bytes: Uint8Array,
    manifest: NetworkManifest,
    options: SessionOptions,
  ): Promise<NetworkSession> {
    let session: ort.InferenceSession;
    try {
      session = await ort.InferenceSession.create(bytes, {
        executionProviders: [providerOption(options.provider, options.deviceId)],
        intraOpNumThreads: options.threads,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
        // Threads that spin while they wait cost a busy machine 40 % more CPU for the same result.
        extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
      });
    } catch (error) {
      throw new SeamlineError('inference-failed', `${manifest.file} cannot be loaded: ${firstLine(error)}`, {
        cause: error,
      });
    }
    checkTensors(manifest, 'inputs', session.inputMetadata);
    checkTensors(manifest, 'outputs', session.outputMetadata);
    const network = new NetworkSession(name, session, manifest);
    const zeros = manifest.inputs.map(({ name: input, shape }) => [input, new Float32Array(elements(shape))] as const);
    await network.run(Object.fromEntries(zeros));
    return network;
  }

  /** True when the manifest lists this output. */
  has(output: string): boolean {
    return this.#manifest.outputs.some(({ name }) => name === output);
  }

  /** Shape of a listed input. */
  inputShape(input: string): readonly number[] {
    return this.#manifest.inputs.find(({ name }) => name === input)?.shape ?? [];
  }

  /**
   * One run.
   * @param inputs every input of the manifest; shared memory is read while the run goes on
   * @returns the listed outputs, the caller's own
   * @throws SeamlineError `inference-failed`
   */
  async run(inputs: Values): Promise<Values> {
    const feeds: Record<string, ort.Tensor> = {};
    for (const { name, shape } of this.#manifest.inputs) {
      const values = inputs[name];
      if (values === undefined || values.length !== elements(shape)) {
        throw new Error(`${this.name}: input ${name} must have ${elements(shape)} values`);
      }
      feeds[name] = new ort.Tensor('float32', values, shape);
    }
    const startedMs = performance.now();
    let results: ort.InferenceSession.OnnxValueMapType;
    try {
      results = await this.#session.run(
        feeds,
        this.#manifest.outputs.map(({ name }) => name),
      );
    } catch (error) {
      throw new SeamlineError('inference-failed', `${this.name} failed: ${firstLine(error)}`, { cause: error });
    }
    this.lastMs = performance.now() - startedMs;
    return Object.fromEntries(
      this.#manifest.outputs.map(({ name }) => [name, (results[name] as ort.Tensor).data as Float32Array]),
    );
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!.slice(0, 300);
}

function checkTensors(
  manifest: NetworkManifest,
  side: 'inputs' | 'outputs',
  found: readonly ort.InferenceSession.ValueMetadata[],
): void {
  const wrong = (tensor: TensorManifest, message: string): SeamlineError =>
    new SeamlineError('model-invalid', `${manifest.file}: ${side} ${tensor.name} ${message}`, {
      errors: [{ field: `${side}.${tensor.name}`, message }],
    });
  for (const tensor of manifest[side]) {
    const meta = found.find(({ name }) => name === tensor.name);
    if (meta === undefined) throw wrong(tensor, 'is not in the file');
    if (!meta.isTensor || meta.type !== 'float32') throw wrong(tensor, 'is not float32 in the file');
    const isSame =
      meta.shape.length === tensor.shape.length && meta.shape.every((side, at) => side === tensor.shape[at]);
    if (!isSame)
      throw wrong(tensor, `has the shape ${meta.shape.join('×')} in the file, not ${tensor.shape.join('×')}`);
  }
  if (side === 'inputs' && found.length !== manifest.inputs.length) {
    throw new SeamlineError('model-invalid', `${manifest.file} has ${found.length} inputs, the manifest lists others`);
  }
}
