import type { Checkpoint, Shape } from './checkpoint.ts';

/** Float tensors of one network, in memory and checked; names as in its state dict. */
export class NetworkWeights {
  readonly #tensors: ReadonlyMap<string, { readonly shape: Shape; readonly values: Float32Array }>;

  constructor(tensors: ReadonlyMap<string, { readonly shape: Shape; readonly values: Float32Array }>) {
    this.#tensors = tensors;
  }

  /** Reads all float tensors of a checkpoint, one after the other. @throws SeamlineError `checkpoint-invalid` */
  static async read(checkpoint: Checkpoint): Promise<NetworkWeights> {
    const tensors = new Map<string, { shape: Shape; values: Float32Array }>();
    for (const [name, tensor] of checkpoint.tensors) {
      if (tensor.storage.type === 'int64') continue;
      tensors.set(name, { shape: tensor.shape, values: await checkpoint.floats(name) });
    }
    return new NetworkWeights(tensors);
  }

  /** Row-major numbers of one tensor. @throws Error when the network has no such tensor */
  values(name: string): Float32Array {
    return this.#tensor(name).values;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  shape(name: string): Shape {
    return this.#tensor(name).shape;
  }

  #tensor(name: string): { readonly shape: Shape; readonly values: Float32Array } {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw new Error(`no weights ${name}`);
    return tensor;
  }
}
