/** Number types a tensor of a checkpoint may have. */
export type StorageType = 'float32' | 'float16' | 'int64';

/** Bytes of one element. */
export const storageTypeBytes: Readonly<Record<StorageType, number>> = { float32: 4, float16: 2, int64: 8 };

/** A block of numbers in the archive, `data/KEY`. */
export class StorageReference {
  readonly key: string;
  readonly type: StorageType;
  /** Elements. */
  readonly length: number;

  constructor(key: string, type: StorageType, length: number) {
    this.key = key;
    this.type = type;
    this.length = length;
  }
}

/** A tensor as the pickle describes it, nothing of it checked yet. Offsets and strides count elements. */
export class TensorReference {
  readonly storage: StorageReference;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: StorageReference, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** A Python tuple. */
export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A class or function that the pickle names. It is a name only: nothing is ever looked up or called. */
export class PickleGlobal {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** What the reader can produce. Python's dict and OrderedDict become a Map in order of insertion. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleTuple
  | PickleGlobal
  | StorageReference
  | TensorReference;
