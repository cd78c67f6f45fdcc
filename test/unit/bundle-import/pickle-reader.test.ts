import { array, assert, nat, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PickleError, readPickle } from '../../../src/bundle-import/pickle-reader.ts';
import { TensorReference } from '../../../src/bundle-import/pickle-values.ts';
import { globalName, pickle, pickled, stateDict, type TestValue } from '../../helpers/checkpoint-file.ts';

const faultOf = (bytes: Uint8Array): PickleError => {
  try {
    readPickle(bytes);
  } catch (error) {
    if (error instanceof PickleError) return error;
    throw error;
  }
  throw new Error('was read');
};

const raw = (...parts: (string | Buffer | number[])[]): { raw: Buffer } => ({
  raw: Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part)))),
});

describe('readPickle', () => {
  it('reads numbers, texts, lists and dicts in their order', () => {
    const value = readPickle(pickle({ dict: { b: 1, a: [true, null, 0.25, -70_000, 'é'] } }));

    expect(value).toEqual(
      new Map<string, unknown>([
        ['b', 1],
        ['a', [true, null, 0.25, -70_000, 'é']],
      ]),
    );
  });

  it('reads a state dict with its metadata dropped', () => {
    const value = readPickle(pickle(stateDict({ 'a.weight': { shape: [2, 3] } }))) as Map<string, TensorReference>;

    const tensor = value.get('a.weight');
    expect(tensor).toBeInstanceOf(TensorReference);
    expect(tensor).toMatchObject({
      offset: 0,
      shape: [2, 3],
      strides: [3, 1],
      storage: { key: '0', type: 'float32', length: 6 },
    });
  });

  it.each([
    [[0x8a, 0], 0],
    [[0x8a, 1, 0xff], -1],
    [[0x8a, 5, 0, 0, 0, 0, 1], 2 ** 32],
    [[0x8a, 8, 255, 255, 255, 255, 255, 255, 255, 127], 2n ** 63n - 1n],
    [[0x4d, 0x01, 0x02], 513],
  ])('reads the whole number %j', (bytes, expected) => {
    expect(readPickle(pickle(raw(bytes)))).toBe(expected);
  });

  it('remembers and repeats an object', () => {
    const list = readPickle(pickle(raw(']', 'q\x01', '(', 'h\x01', 'K\x07', 'e'))) as unknown[];

    expect(list[0]).toBe(list);
    expect(list[1]).toBe(7);
  });

  it.each([
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['numpy.core.multiarray', 'scalar'],
    ['torch._utils', '_rebuild_parameter'],
  ])('refuses the name %s.%s and says under which key', (module, name) => {
    const fault = faultOf(pickle({ dict: { model: { dict: { 'a.weight': raw(globalName(module, name)) } } } }));

    expect(fault.message).toContain(`${module}.${name}`);
    expect(fault.path).toBe('model.a.weight');
  });

  it('names the type of numbers that it does not read', () => {
    expect(faultOf(pickle(stateDict({ w: { shape: [1], type: 'Double' } }))).message).toMatch(/torch\.DoubleStorage/);
  });

  it.each([
    ['a call of a tensor function with other arguments', raw(globalName('torch._utils', '_rebuild_tensor_v2'), ')R')],
    ['an OrderedDict made of something', raw(globalName('collections', 'OrderedDict'), 'K\x01', '\x85', 'R')],
    ['a state set on a list', raw(']', '}', 'b')],
    ['items set on a list', raw(']', 'K\x01', 'K\x02', 's')],
    ['appending to a dict', raw('}', 'K\x01', 'a')],
    ['a list as a key', raw('}', ']', 'K\x02', 's')],
    ['the same key twice', raw('}', '(', 'K\x01N', 'K\x01N', 'u')],
    ['an unknown object', raw('h\x05')],
    ['STACK_GLOBAL of protocol 4', raw('X\x01\0\0\0aX\x01\0\0\0b', [0x93])],
    ['NEWOBJ', raw(')', ')', [0x81])],
    ['a persistent id that is no storage', raw('X\x01\0\0\0a', 'Q')],
    ['more numbers than a whole number has', raw([0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1])],
    ['taking from an empty stack', raw('a')],
    ['closing what is not open', raw('t')],
    ['a text longer than the file', raw('X\xff\xff\xff\x7f', 'abc')],
    ['two values', raw('NN')],
    ['nesting without end', raw('('.repeat(100))],
    ['a tensor with a negative size', stateDict({ w: { shape: [-1] } })],
    ['a name without an end', raw('cposix')],
  ] as [string, TestValue][])('refuses %s', (_what, value) => {
    expect(faultOf(pickle(value))).toBeInstanceOf(PickleError);
  });

  it('refuses other protocols and bytes after the end', () => {
    expect(faultOf(Buffer.concat([Buffer.from([0x80, 4]), pickled(1), Buffer.from('.')])).message).toMatch(
      /protocol 2/,
    );
    expect(faultOf(Buffer.concat([pickle(1), Buffer.from('N')])).message).toMatch(/goes on/);
  });

  it('refuses every cut of a checkpoint', () => {
    const whole = pickle({
      dict: { model: stateDict({ a: { shape: [2, 2] }, b: { shape: [], type: 'Long' } }), epoch: 7 },
    });

    for (let length = 0; length < whole.length; length += 1)
      expect(faultOf(whole.subarray(0, length))).toBeInstanceOf(PickleError);
  });

  it('gives up on a program of nothing but small objects before they fill the memory', () => {
    expect(faultOf(Buffer.concat([Buffer.from([0x80, 2]), Buffer.alloc(1_000_000, '}')])).message).toMatch(
      /longer than any/,
    );
  });

  it('answers any bytes with a value or a PickleError', () => {
    const seed = [...pickle({ dict: { model: stateDict({ a: { shape: [2, 2] } }), list: [1, 'x'] } })];
    const edits = array(record({ at: nat(seed.length - 1), byte: nat(255) }), {
      minLength: 1,
      maxLength: 6,
    });
    const read = (bytes: number[]): void => {
      try {
        readPickle(Uint8Array.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(PickleError);
      }
    };

    assert(property(array(nat(255), { maxLength: 200 }), (bytes) => read([0x80, 2, ...bytes])));
    assert(
      property(edits, (changes) => {
        const bytes = [...seed];
        for (const { at, byte } of changes) bytes[at] = byte;
        read(bytes);
      }),
      { numRuns: 2000 },
    );
  });
});
