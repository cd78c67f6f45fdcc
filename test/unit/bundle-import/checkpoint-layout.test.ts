import { describe, expect, it } from 'vitest';
import {
  checkLayout,
  checkpointLayout,
  recogniseNetwork,
  type NetworkRole,
} from '../../../src/bundle-import/checkpoint-layout.ts';
import type { Checkpoint, Shape } from '../../../src/bundle-import/checkpoint.ts';
import { StorageReference, TensorReference, type StorageType } from '../../../src/bundle-import/pickle-values.ts';
import { SeamlineError } from '../../../src/common/seamline-error.ts';

const ROLES: NetworkRole[] = ['spatial', 'temporal', 'smooth'];

function aCheckpoint(shapes: Iterable<[string, Shape]>, type?: StorageType): Checkpoint {
  const tensors = new Map<string, TensorReference>();
  for (const [name, shape] of shapes) {
    const storage = new StorageReference('0', type ?? (shape.length === 0 ? 'int64' : 'float32'), 1);
    tensors.set(name, new TensorReference(storage, 0, shape, []));
  }
  return {
    file: 'x.pth',
    tensors,
    epoch: undefined,
    floats: () => Promise.reject(new Error('not read')),
    close: () => Promise.resolve(),
  };
}

function faultOf(act: () => void): SeamlineError {
  try {
    act();
  } catch (error) {
    if (error instanceof SeamlineError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('checkpointLayout', () => {
  it.each([
    ['spatial', 130, 11_138_756],
    ['temporal', 104, 6_412_030],
    ['smooth', 14, 2_212_948],
  ] as const)('of the %s network has %i keys and %i trained numbers', (role, keys, parameters) => {
    const layout = checkpointLayout(role);

    const trained = [...layout].filter(([name]) => !/running_|num_batches/.test(name));
    expect(layout.size).toBe(keys);
    expect(trained.reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(parameters);
  });
});

describe('recogniseNetwork', () => {
  it.each(ROLES)('knows the %s network by its keys', (role) => {
    expect(recogniseNetwork(aCheckpoint(checkpointLayout(role)))).toBe(role);
  });

  it.each([
    ['spatial', [['regressNet2_part1.0.weight', [64, 121, 3, 3]]]],
    [
      'temporal',
      [
        ['regressNet2_part1.0.weight', [64, 49, 3, 3]],
        ['regressNet1_part1.0.weight', [64, 169, 3, 3]],
      ],
    ],
    ['smoothing', [['MotionPre.decoding.0.weight', [2, 64]]]],
  ] as [string, [string, Shape][]][])('says that a file is the %s network of the first StabStitch', (word, shapes) => {
    expect(faultOf(() => recogniseNetwork(aCheckpoint(shapes))).message).toContain(
      `${word} network of the first StabStitch (ECCV 2024)`,
    );
  });

  it('says what it found in anything else', () => {
    expect(faultOf(() => recogniseNetwork(aCheckpoint([['conv1.weight', [64, 3, 7, 7]]]))).message).toMatch(
      /no network.*conv1\.weight/,
    );
  });
});

describe('checkLayout', () => {
  it.each(ROLES)('accepts the %s network, in float16 too', (role) => {
    checkLayout(aCheckpoint(checkpointLayout(role)), role);
    const half = aCheckpoint(
      [...checkpointLayout(role)].filter(([, shape]) => shape.length > 0),
      'float16',
    );
    const missing = [...checkpointLayout(role)].filter(([, shape]) => shape.length === 0).map(([name]) => name);
    if (missing.length === 0) checkLayout(half, role);
    else expect(faultOf(() => checkLayout(half, role)).errors?.map(({ field }) => field)).toEqual(missing);
  });

  it('lists missing, extra and misshapen keys and wrong number types, all at once', () => {
    const shapes = new Map<string, Shape>(checkpointLayout('smooth'));
    shapes.delete('MotionPre.embedding1.0.bias');
    shapes.set('MotionPre.decoding.0.weight', [4, 64]);
    shapes.set('module.extra', [1]);

    const fault = faultOf(() => checkLayout(aCheckpoint(shapes), 'smooth'));

    expect(fault.errors).toEqual([
      { field: 'MotionPre.embedding1.0.bias', message: 'is missing' },
      { field: 'MotionPre.decoding.0.weight', message: 'has the shape [4, 64] instead of [4, 128]' },
      { field: 'module.extra', message: 'is not part of this network' },
    ]);
    expect(faultOf(() => checkLayout(aCheckpoint(checkpointLayout('smooth'), 'int64'), 'smooth')).errors).toHaveLength(
      14,
    );
  });
});
