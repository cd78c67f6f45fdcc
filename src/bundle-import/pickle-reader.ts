import {
  PickleGlobal,
  PickleTuple,
  StorageReference,
  TensorReference,
  type PickleValue,
  type StorageType,
} from './pickle-values.ts';

const MAX_DEPTH = 64;
/** A checkpoint of these networks with its whole Adam state has about 30 000; each may allocate a small object. */
const MAX_OPERATIONS = 250_000;

const ORDERED_DICT = 'collections.OrderedDict';
const REBUILD_TENSOR = 'torch._utils._rebuild_tensor_v2';
const STORAGES: Readonly<Record<string, StorageType>> = {
  'torch.FloatStorage': 'float32',
  'torch.HalfStorage': 'float16',
  'torch.LongStorage': 'int64',
};

/** What is wrong with a pickle, and where. */
export class PickleError extends Error {
  /** Dictionary keys on the way to the fault, joined by dots; empty at the top. */
  readonly path: string;

  constructor(message: string, path: string) {
    super(message);
    this.name = 'PickleError';
    this.path = path;
  }
}

/**
 * Reads the pickle of a checkpoint (protocol 2, Python's pickletools.py). A pickle is a program for a stack machine
 * that may name any class; this one executes nothing and knows only what a state dict and an Adam state need:
 * numbers, texts, tuples, lists, dicts, OrderedDict, and tensors of three number types.
 * @throws PickleError for everything else: other opcodes, other classes, truncation, excessive nesting
 */
export function readPickle(bytes: Uint8Array): PickleValue {
  return new PickleMachine(bytes).run();
}

const isTuple = (value: PickleValue | undefined): value is PickleTuple => value instanceof PickleTuple;
const isCount = (value: PickleValue | undefined): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

class PickleMachine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #text = new TextDecoder('utf-8', { fatal: true });
  readonly #memo = new Map<number, PickleValue>();
  /** One list for each open MARK, the innermost last. */
  readonly #frames: PickleValue[][] = [[]];
  #stack: PickleValue[];
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#stack = this.#frames[0] as PickleValue[];
  }

  run(): PickleValue {
    for (let operations = 0; operations < MAX_OPERATIONS; operations += 1) {
      const opcode = this.#byte();
      if (opcode === 0x2e) return this.#finish(); // STOP
      if (!this.#literal(opcode) && !this.#container(opcode) && !this.#reference(opcode)) {
        this.#fail(`uses the pickle operation 0x${opcode.toString(16)}, which a checkpoint does not need`);
      }
    }
    return this.#fail('is longer than any checkpoint');
  }

  #finish(): PickleValue {
    const value = this.#pop();
    if (this.#frames.length !== 1 || this.#stack.length > 0) this.#fail('ends in the middle of an object');
    if (this.#at !== this.#bytes.length) this.#fail('goes on after its end');
    return value;
  }

  #literal(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        if (this.#byte() !== 2) this.#fail('is not of pickle protocol 2, which torch.save writes');
        return true;
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4b: // BININT1
        return this.#push(this.#byte());
      case 0x4d: // BININT2
        return this.#push(this.#view.getUint16(this.#take(2), true));
      case 0x4a: // BININT
        return this.#push(this.#view.getInt32(this.#take(4), true));
      case 0x8a: // LONG1
        return this.#push(this.#long());
      case 0x47: // BINFLOAT
        return this.#push(this.#view.getFloat64(this.#take(8), false));
      case 0x58: // BINUNICODE
        return this.#push(this.#utf8(this.#view.getUint32(this.#take(4), true)));
      default:
        return false;
    }
  }

  #container(opcode: number): boolean {
    switch (opcode) {
      case 0x28: // MARK
        if (this.#frames.length >= MAX_DEPTH) this.#fail(`is nested deeper than ${MAX_DEPTH} levels`);
        this.#stack = [];
        this.#frames.push(this.#stack);
        return true;
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map());
      case 0x5d: // EMPTY_LIST
        return this.#push([]);
      case 0x29: // EMPTY_TUPLE
        return this.#push(new PickleTuple([]));
      case 0x74: // TUPLE
        return this.#push(new PickleTuple(this.#closeMark()));
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(new PickleTuple(this.#popMany(opcode - 0x84)));
      case 0x61: // APPEND
        return this.#append(this.#popMany(1));
      case 0x65: // APPENDS
        return this.#append(this.#closeMark());
      case 0x73: // SETITEM
        return this.#setItems(this.#popMany(2));
      case 0x75: // SETITEMS
        return this.#setItems(this.#closeMark());
      default:
        return false;
    }
  }

  #reference(opcode: number): boolean {
    switch (opcode) {
      case 0x71: // BINPUT
        return this.#remember(this.#byte());
      case 0x72: // LONG_BINPUT
        return this.#remember(this.#view.getUint32(this.#take(4), true));
      case 0x68: // BINGET
        return this.#recall(this.#byte());
      case 0x6a: // LONG_BINGET
        return this.#recall(this.#view.getUint32(this.#take(4), true));
      case 0x63: // GLOBAL
        return this.#push(this.#global());
      case 0x51: // BINPERSID
        return this.#push(this.#storage(this.#pop()));
      case 0x52: // REDUCE
        return this.#reduce();
      case 0x62: // BUILD: only the `_metadata` of a state dict, which says nothing about the weights
        this.#pop();
        if (!(this.#top() instanceof Map)) this.#fail('sets the state of an object');
        return true;
      default:
        return false;
    }
  }

  #append(items: readonly PickleValue[]): true {
    const list = this.#top();
    if (!Array.isArray(list)) return this.#fail('appends to something that is no list');
    for (const item of items) list.push(item);
    return true;
  }

  #setItems(items: readonly PickleValue[]): true {
    const dict = this.#top();
    if (!(dict instanceof Map) || items.length % 2 !== 0) return this.#fail('sets items of something that is no dict');
    for (let index = 0; index < items.length; index += 2) {
      const key = items[index] as PickleValue;
      if (typeof key !== 'string' && typeof key !== 'number')
        this.#fail('has a dict key that is neither text nor number');
      if (dict.has(key)) this.#fail(`has the dict key ${String(key).slice(0, 80)} twice`);
      dict.set(key, items[index + 1] as PickleValue);
    }
    return true;
  }

  #global(): PickleGlobal {
    const name = `${this.#line()}.${this.#line()}`;
    if (name === ORDERED_DICT || name === REBUILD_TENSOR || Object.hasOwn(STORAGES, name))
      return new PickleGlobal(name);
    if (/^torch\.\w+Storage$/.test(name)) {
      return this.#fail(`has numbers of the type ${name}; float32, float16 and int64 are read`);
    }
    return this.#fail(`names the class or function ${JSON.stringify(name.slice(0, 120))}; no weights need it`);
  }

  #reduce(): true {
    const [callable, args] = this.#popMany(2);
    if (callable instanceof PickleGlobal && isTuple(args)) {
      if (callable.name === ORDERED_DICT && args.items.length === 0) return this.#push(new Map());
      if (callable.name === REBUILD_TENSOR) return this.#push(this.#tensor(args.items));
    }
    return this.#fail('calls something in a way that no checkpoint does');
  }

  #storage(id: PickleValue): StorageReference {
    const [kind, type, key, , length] = isTuple(id) && id.items.length === 5 ? id.items : [];
    const known = type instanceof PickleGlobal ? STORAGES[type.name] : undefined;
    if (
      kind !== 'storage' ||
      known === undefined ||
      typeof key !== 'string' ||
      !/^\d{1,9}$/.test(key) ||
      !isCount(length)
    ) {
      return this.#fail('has tensor data described in a way that torch does not write');
    }
    return new StorageReference(key, known, length);
  }

  #tensor(args: readonly PickleValue[]): TensorReference {
    const [storage, offset, shape, strides, requiresGradient, hooks] = args;
    if (
      args.length !== 6 ||
      !(storage instanceof StorageReference) ||
      !isCount(offset) ||
      !isTuple(shape) ||
      !isTuple(strides) ||
      typeof requiresGradient !== 'boolean' ||
      !(hooks instanceof Map)
    ) {
      return this.#fail('has a tensor described in a way that torch does not write');
    }
    return new TensorReference(storage, offset, this.#sizes(shape), this.#sizes(strides));
  }

  #sizes(tuple: PickleTuple): number[] {
    if (tuple.items.length > 8 || !tuple.items.every(isCount))
      return this.#fail('has a tensor with an impossible shape');
    return tuple.items as number[];
  }

  #long(): number | bigint {
    const length = this.#byte();
    if (length > 8) return this.#fail('has a whole number of more than 64 bits');
    const start = this.#take(length);
    let value = 0n;
    for (let index = length - 1; index >= 0; index -= 1)
      value = (value << 8n) | BigInt(this.#view.getUint8(start + index));
    value = BigInt.asIntN(length * 8, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0 || end - this.#at > 255) return this.#fail('has a name without an end');
    const text = this.#utf8(end - this.#at);
    this.#at += 1;
    return text;
  }

  #utf8(length: number): string {
    const start = this.#take(length);
    try {
      return this.#text.decode(this.#bytes.subarray(start, start + length));
    } catch {
      return this.#fail('has a text that is not UTF-8');
    }
  }

  #byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /** Steps over `length` bytes and gives the offset of the first. */
  #take(length: number): number {
    const start = this.#at;
    if (start + length > this.#bytes.length) this.#fail('is cut off');
    this.#at = start + length;
    return start;
  }

  #push(value: PickleValue): true {
    this.#stack.push(value);
    return true;
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    return value === undefined ? this.#fail('takes more from its stack than there is') : value;
  }

  #popMany(count: number): PickleValue[] {
    if (this.#stack.length < count) this.#fail('takes more from its stack than there is');
    return this.#stack.splice(this.#stack.length - count, count);
  }

  #closeMark(): PickleValue[] {
    const items = this.#frames.pop();
    const below = this.#frames.at(-1);
    if (items === undefined || below === undefined) return this.#fail('closes a group that was not opened');
    this.#stack = below;
    return items;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    return value === undefined ? this.#fail('takes more from its stack than there is') : value;
  }

  #remember(slot: number): true {
    this.#memo.set(slot, this.#top());
    return true;
  }

  #recall(slot: number): true {
    const value = this.#memo.get(slot);
    return value === undefined ? this.#fail('refers to an object that does not exist') : this.#push(value);
  }

  /** Keys of open dicts are the texts at even places of their groups: key, value, key, … */
  #path(): string {
    return this.#frames
      .filter((frame) => frame[0] !== 'storage')
      .map((frame) => frame.findLast((value, index) => index % 2 === 0 && typeof value === 'string'))
      .filter((key) => typeof key === 'string')
      .map((key) => key.slice(0, 120))
      .join('.');
  }

  #fail(reason: string): never {
    throw new PickleError(reason, this.#path());
  }
}
