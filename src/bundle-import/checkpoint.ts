import type { FieldError } from '../common/seamline-error.ts';
import { openCheckpointArchive, type CheckpointArchive } from './checkpoint-archive.ts';
import { checkpointError, joinReasons } from './checkpoint-error.ts';
import { fromHalf } from './float16.ts';
import { PickleError, readPickle } from './pickle-reader.ts';
import { storageTypeBytes, TensorReference, type PickleValue } from './pickle-values.ts';

/** Torch's tensors have a rank; shapes here are lists of sizes, `[]` for a scalar. */
export type Shape = readonly number[];

/** An open checkpoint: names and shapes are known and agree with the archive, numbers are read on request. */
export interface Checkpoint {
  /** File name without folder, for messages. */
  readonly file: string;
  /** Tensors of the `model` entry in state-dict order. */
  readonly tensors: ReadonlyMap<string, TensorReference>;
  /** Training epoch the file says it is from. */
  readonly epoch: number | undefined;
  /**
   * The numbers of one float tensor, row-major; float16 is widened.
   * @throws SeamlineError `checkpoint-invalid` when the data is damaged or holds NaN or infinity
   */
  floats(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Opens `torch.save({'model': state_dict, …})`. Everything but `model` and `epoch` is passed over.
 * @throws SeamlineError `checkpoint-invalid` with one entry in `errors` for each tensor that does not fit its data
 */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  const archive = await openCheckpointArchive(path);
  try {
    const root = parse(archive);
    const tensors = modelTensors(root, archive);
    const epoch = root.get('epoch');
    return new StateDict(archive, tensors, typeof epoch === 'number' ? epoch : undefined);
  } catch (cause) {
    await archive.close();
    throw cause;
  }
}

class StateDict implements Checkpoint {
  readonly tensors: ReadonlyMap<string, TensorReference>;
  readonly epoch: number | undefined;
  readonly #archive: CheckpointArchive;

  constructor(archive: CheckpointArchive, tensors: ReadonlyMap<string, TensorReference>, epoch: number | undefined) {
    this.#archive = archive;
    this.tensors = tensors;
    this.epoch = epoch;
  }

  get file(): string {
    return this.#archive.file;
  }

  async floats(name: string): Promise<Float32Array> {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw new Error(`no tensor ${name}`);
    const bytes = await this.#archive.readStorage(tensor.storage.key);
    const values = decode(bytes, tensor);
    if (!values.every(Number.isFinite)) throw checkpointError(this.file, `${name} holds NaN or infinite values`);
    return values;
  }

  close(): Promise<void> {
    return this.#archive.close();
  }
}

function parse(archive: CheckpointArchive): Map<PickleValue, PickleValue> {
  let root: PickleValue;
  try {
    root = readPickle(archive.pickle);
  } catch (cause) {
    if (!(cause instanceof PickleError)) throw cause;
    const where = cause.path === '' ? 'its pickle' : cause.path;
    throw checkpointError(archive.file, `${where} ${cause.message}`, { cause });
  }
  if (!(root instanceof Map)) throw checkpointError(archive.file, 'holds no dict');
  return root;
}

function modelTensors(root: Map<PickleValue, PickleValue>, archive: CheckpointArchive): Map<string, TensorReference> {
  const model = root.get('model');
  if (!(model instanceof Map)) {
    const keys = [...root.keys()].slice(0, 5).map(String).join(', ').slice(0, 200);
    throw checkpointError(archive.file, `has no state dict under 'model' (its keys: ${keys || 'none'})`);
  }
  const errors: FieldError[] = [];
  const tensors = new Map<string, TensorReference>();
  for (const [key, value] of model) {
    const field = String(key).slice(0, 200);
    const message = value instanceof TensorReference ? fault(value, archive) : 'is not a tensor';
    if (message === undefined) tensors.set(field, value as TensorReference);
    else errors.push({ field, message });
  }
  if (errors.length > 0) {
    throw checkpointError(archive.file, `its tensors do not fit its data: ${joinReasons(errors)}`, { errors });
  }
  return tensors;
}

/** Why a tensor cannot be what the pickle says, or undefined. */
function fault(tensor: TensorReference, archive: CheckpointArchive): string | undefined {
  const { storage, shape, offset } = tensor;
  const bytes = archive.storageBytes(storage.key);
  if (bytes === undefined) return `has no data (entry data/${storage.key} is missing)`;
  if (bytes !== storage.length * storageTypeBytes[storage.type]) {
    return `says ${storage.length} × ${storage.type}, but its data has ${bytes} bytes`;
  }
  if (tensor.strides.length !== shape.length) return 'has a stride for some of its axes only';
  const elements = elementCount(shape);
  if (!Number.isSafeInteger(elements) || offset + elements > storage.length) return 'reaches beyond its data';
  return isContiguous(tensor) ? undefined : 'is not stored row by row; call .contiguous() before saving';
}

/** Number of elements of a shape; 1 for a scalar. */
function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isContiguous(tensor: TensorReference): boolean {
  let expected = 1;
  for (let axis = tensor.shape.length - 1; axis >= 0; axis -= 1) {
    const size = tensor.shape[axis] ?? 0;
    // The stride of an axis of one element is never used, and torch writes various values there.
    if (size > 1 && tensor.strides[axis] !== expected) return false;
    expected *= size;
  }
  return true;
}

function decode(bytes: Uint8Array, tensor: TensorReference): Float32Array {
  const values = new Float32Array(elementCount(tensor.shape));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { type } = tensor.storage;
  const size = storageTypeBytes[type];
  let at = tensor.offset * size;
  for (let index = 0; index < values.length; index += 1, at += size) {
    if (type === 'float32') values[index] = view.getFloat32(at, true);
    else values[index] = type === 'float16' ? fromHalf(view.getUint16(at, true)) : Number(view.getBigInt64(at, true));
  }
  return values;
}
