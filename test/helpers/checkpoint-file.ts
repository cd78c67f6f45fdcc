import { crc32 } from 'node:zlib';

/** One entry of a zip file, and how it lies about itself. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What the central directory says instead of the truth. */
  readonly claims?: { size?: number; crc?: number; method?: number; flags?: number; offset?: number };
}

/** What the end of a zip file says instead of the truth; with `zip64` there is a record of that format too. */
export interface ZipClaims {
  readonly entries?: number;
  readonly zip64?: { readonly entries?: bigint; readonly directoryAt?: bigint; readonly recordAt?: bigint };
}

/** A zip file as torch.save writes it: stored entries, sizes only in the central directory, payloads aligned to 64 bytes. */
export function zipFile(entries: readonly ZipEntry[], claims: ZipClaims = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, bytes, claims: lies = {} } of entries) {
    const nameBytes = Buffer.from(name);
    const padding = (64 - ((at + 30 + nameBytes.length + 4) % 64)) % 64;
    const local = Buffer.alloc(30 + nameBytes.length + 4 + padding, 0x5a);
    local.fill(0, 0, 30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(0x0808, 6);
    local.writeUInt16LE(nameBytes.length, 26);
    local.writeUInt16LE(4 + padding, 28);
    nameBytes.copy(local, 30);
    local.write('FB', 30 + nameBytes.length);
    local.writeUInt16LE(padding, 32 + nameBytes.length);
    const central = Buffer.alloc(46 + nameBytes.length);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(lies.flags ?? 0x0808, 8);
    central.writeUInt16LE(lies.method ?? 0, 10);
    central.writeUInt32LE(lies.crc ?? crc32(bytes), 16);
    central.writeUInt32LE(lies.size ?? bytes.length, 20);
    central.writeUInt32LE(lies.size ?? bytes.length, 24);
    central.writeUInt16LE(nameBytes.length, 28);
    central.writeUInt32LE(lies.offset ?? at, 42);
    nameBytes.copy(central, 46);
    directory.push(central);
    const descriptor = Buffer.alloc(16);
    descriptor.writeUInt32LE(0x08074b50, 0);
    descriptor.writeUInt32LE(crc32(bytes), 4);
    descriptor.writeUInt32LE(bytes.length, 8);
    descriptor.writeUInt32LE(bytes.length, 12);
    parts.push(local, Buffer.from(bytes), descriptor);
    at += local.length + bytes.length + 16;
  }
  const end = Buffer.alloc(22);
  const directoryBytes = directory.reduce((sum, { length }) => sum + length, 0);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(claims.entries ?? entries.length, 8);
  end.writeUInt16LE(claims.entries ?? entries.length, 10);
  end.writeUInt32LE(directoryBytes, 12);
  end.writeUInt32LE(at, 16);
  if (claims.zip64 === undefined) return Buffer.concat([...parts, ...directory, end]);
  // The ordinary record then points to the other one.
  end.writeUInt32LE(0xffff_ffff, 8);
  end.writeUInt32LE(0xffff_ffff, 12);
  end.writeUInt32LE(0xffff_ffff, 16);
  const count = claims.zip64.entries ?? BigInt(entries.length);
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(count, 24);
  record.writeBigUInt64LE(count, 32);
  record.writeBigUInt64LE(BigInt(directoryBytes), 40);
  record.writeBigUInt64LE(claims.zip64.directoryAt ?? BigInt(at), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(claims.zip64.recordAt ?? BigInt(at + directoryBytes), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([...parts, ...directory, record, locator, end]);
}

/** A tensor of a test's checkpoint. */
export interface TestTensor {
  readonly shape: readonly number[];
  readonly values?: readonly number[];
  readonly type?: 'Float' | 'Half' | 'Long' | 'Double';
  readonly strides?: readonly number[];
  readonly offset?: number;
  /** Number of the storage; its own by default. Tensors of one storage share the bytes of the first. */
  readonly storage?: number;
  /** Elements that the pickle says the storage has. */
  readonly length?: number;
}

/** Values of a pickle: plain ones, and how torch writes its own. */
export type TestValue =
  | null
  | boolean
  | number
  | string
  | TestValue[]
  | { readonly dict: Record<string, TestValue> }
  | { readonly raw: Buffer };

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  const head = Buffer.alloc(5);
  head.write('X', 0);
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
};

/** GLOBAL, a name of a class or function. */
export const globalName = (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`);

const integer = (value: number): Buffer => {
  if (value >= 0 && value < 256) return Buffer.from([0x4b, value]);
  const isLong = Math.abs(value) >= 2 ** 31;
  const bytes = Buffer.alloc(isLong ? 10 : 5);
  if (isLong) {
    bytes.writeUInt16LE(0x088a, 0);
    bytes.writeBigInt64LE(BigInt(value), 2);
  } else {
    bytes.write('J', 0);
    bytes.writeInt32LE(value, 1);
  }
  return bytes;
};

const tuple = (...items: Buffer[]): Buffer => Buffer.concat([Buffer.from('('), ...items, Buffer.from('t')]);
const orderedDict = (): Buffer => Buffer.concat([globalName('collections', 'OrderedDict'), Buffer.from(')R')]);

/** Pickle opcodes of a value, without PROTO and STOP. */
export function pickled(value: TestValue): Buffer {
  if (value === null) return Buffer.from('N');
  if (typeof value === 'boolean') return Buffer.from([value ? 0x88 : 0x89]);
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') {
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) return integer(value);
    const bytes = Buffer.alloc(9);
    bytes.write('G', 0);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (Array.isArray(value)) return Buffer.concat([Buffer.from(']('), ...value.map(pickled), Buffer.from('e')]);
  if ('raw' in value) return value.raw;
  const items = Object.entries(value.dict).flatMap(([key, item]) => [text(key), pickled(item)]);
  return Buffer.concat([Buffer.from('}('), ...items, Buffer.from('u')]);
}

/** A whole pickle of protocol 2. */
export const pickle = (value: TestValue): Buffer =>
  Buffer.concat([Buffer.from([0x80, 2]), pickled(value), Buffer.from('.')]);

/** `_rebuild_tensor_v2` of a tensor as torch writes it. */
export function tensorPickle(tensor: TestTensor, storage: number): Buffer {
  const count = tensor.shape.reduce((product, side) => product * side, 1);
  const strides =
    tensor.strides ?? tensor.shape.map((_side, axis) => tensor.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const id = tuple(
    text('storage'),
    globalName('torch', `${tensor.type ?? 'Float'}Storage`),
    text(String(tensor.storage ?? storage)),
    text('cuda:0'),
    integer(tensor.length ?? count),
  );
  const args = [
    Buffer.concat([id, Buffer.from('Q')]),
    integer(tensor.offset ?? 0),
    tuple(...tensor.shape.map(integer)),
    tuple(...strides.map(integer)),
    Buffer.from([0x89]),
    orderedDict(),
  ];
  return Buffer.concat([globalName('torch._utils', '_rebuild_tensor_v2'), tuple(...args), Buffer.from('R')]);
}

/** A state dict: an OrderedDict that gets its `_metadata` by BUILD. */
export function stateDict(tensors: Readonly<Record<string, TestTensor>>): { readonly raw: Buffer } {
  const items = Object.entries(tensors).flatMap(([key, tensor], index) => [text(key), tensorPickle(tensor, index)]);
  const metadata = pickled({ dict: { _metadata: { raw: orderedDict() } } });
  return {
    raw: Buffer.concat([orderedDict(), Buffer.from('('), ...items, Buffer.from('u'), metadata, Buffer.from('b')]),
  };
}

/** The bytes of a tensor's storage. */
export function storageBytes(tensor: TestTensor): Buffer {
  const count = tensor.shape.reduce((product, side) => product * side, 1);
  const size = { Float: 4, Half: 2, Long: 8, Double: 8 }[tensor.type ?? 'Float'];
  const bytes = Buffer.alloc((tensor.length ?? count) * size);
  for (const [index, value] of (tensor.values ?? []).entries()) {
    if (size === 4) bytes.writeFloatLE(value, index * 4);
    else if (tensor.type === 'Half') bytes.writeUInt16LE(value, index * 2);
    else bytes.writeBigInt64LE(BigInt(value), index * 8);
  }
  return bytes;
}

/** Zip entries of `torch.save({'model': …, 'optimizer': …, 'epoch': 3, 'glob_iter': 70000})`. */
export function checkpointEntries(tensors: Readonly<Record<string, TestTensor>>, stem = 'epoch003_model'): ZipEntry[] {
  const optimizer = {
    dict: { state: { dict: {} }, param_groups: [{ dict: { lr: 1e-4, betas: [0.9, 0.999], foreach: null } }] },
  };
  const root = { dict: { model: stateDict(tensors), optimizer, epoch: 3, glob_iter: 70_000 } };
  const storages = new Map<number, Buffer>();
  for (const [index, tensor] of Object.values(tensors).entries()) {
    const key = tensor.storage ?? index;
    if (!storages.has(key)) storages.set(key, storageBytes(tensor));
  }
  return [
    { name: `${stem}/data.pkl`, bytes: pickle(root) },
    ...[...storages].map(([key, bytes]) => ({ name: `${stem}/data/${key}`, bytes })),
    { name: `${stem}/version`, bytes: Buffer.from('3\n') },
  ];
}

/** A whole checkpoint file. */
export function checkpointFile(tensors: Readonly<Record<string, TestTensor>>): Buffer {
  return zipFile(checkpointEntries(tensors));
}
