import type { FieldError } from '../common/seamline-error.ts';
import { SeamlineError } from '../common/seamline-error.ts';

/** `manifest.json` of a folder under models/: what the networks take and give, so that one pipeline runs every bundle. */
export interface BundleManifest {
  readonly schema: 1;
  /** Folder name, `[a-z0-9][a-z0-9._-]*`. */
  readonly name: string;
  /** `lite`: homography + residual mesh, canvas-wide smoothing. `stabstitch2`: imported StabStitch++ checkpoints. */
  readonly kind: 'lite' | 'stabstitch2';
  readonly version: string;
  readonly description: string;
  readonly licence: string;
  readonly origin: string;
  /** Size both views are scaled to for the networks. */
  readonly input: {
    readonly width: number;
    readonly height: number;
    /** `luma`: 1×1×H×W, 0 … 255. `rgb`/`bgr`: 1×3×H×W, (value − mean) / scale. */
    readonly pixels: 'luma' | 'rgb' | 'bgr';
    readonly mean: number;
    readonly scale: number;
  };
  readonly grid: { readonly rows: number; readonly cols: number };
  /** Frames of the online window. */
  readonly window: number;
  /** `canvas`: one correction field over the panorama; `view`: a correction per view (StabStitch++). */
  readonly smoothing: 'canvas' | 'view';
  readonly thresholds: {
    /** A geometry below this confidence is held. */
    readonly confidence: number;
    /** A smaller overlap is reported as too small, share of the reference view. */
    readonly overlap: number;
  };
  readonly networks: {
    readonly spatial: NetworkManifest;
    readonly temporal: NetworkManifest;
    readonly smooth: NetworkManifest;
  };
  /** Number type of weights and inner values, `float32` when it is left out; inputs and outputs are always float32. */
  readonly precision?: 'float32' | 'float16';
  /** Other SpatialNets of the same interface that a job may ask for, by profile name. */
  readonly profiles?: Readonly<Record<string, { readonly spatial: NetworkManifest }>>;
}

/** One ONNX file. Shapes are exact; a name not listed here is not used. */
export interface NetworkManifest {
  /** File name inside the bundle's folder, no folder part. */
  readonly file: string;
  /** Lower-case hexadecimal SHA-256 of the file. */
  readonly sha256: string;
  readonly inputs: readonly TensorManifest[];
  readonly outputs: readonly TensorManifest[];
}

/** Name, float32 shape. */
export interface TensorManifest {
  readonly name: string;
  readonly shape: readonly number[];
}

type Check = (value: unknown, field: string, errors: FieldError[]) => void;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function test(holds: (value: unknown) => boolean, message: string): Check {
  return (value, field, errors) => {
    if (!holds(value)) errors.push({ field, message });
  };
}

function record(checks: Record<string, Check>, optional: readonly string[] = []): Check {
  return (value, field, errors) => {
    if (!isObject(value)) {
      errors.push({ field, message: 'must be an object' });
      return;
    }
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(checks, key)) errors.push({ field: `${field}.${key}`, message: 'is not a known key' });
    }
    for (const [key, check] of Object.entries(checks)) {
      if (Object.hasOwn(value, key)) check(value[key], `${field}.${key}`, errors);
      else if (!optional.includes(key)) errors.push({ field: `${field}.${key}`, message: 'is missing' });
    }
  };
}

function list(check: Check, minimum = 0): Check {
  return (value, field, errors) => {
    if (!Array.isArray(value) || value.length < minimum) {
      errors.push({ field, message: `must be a list of at least ${minimum}` });
      return;
    }
    value.forEach((item, index) => check(item, `${field}[${index}]`, errors));
  };
}

function values(check: Check): Check {
  return (value, field, errors) => {
    if (!isObject(value)) errors.push({ field, message: 'must be an object' });
    else for (const [key, item] of Object.entries(value)) check(item, `${field}.${key}`, errors);
  };
}

const text = test((value) => typeof value === 'string' && value.length > 0, 'must be a text');
const number = test((value) => typeof value === 'number' && Number.isFinite(value), 'must be a number');
const share = test((value) => typeof value === 'number' && value >= 0 && value <= 1, 'must be 0 … 1');
const count = test((value) => Number.isInteger(value) && (value as number) > 0, 'must be a positive whole number');
const oneOf = (...options: unknown[]): Check =>
  test((value) => options.includes(value), `must be ${options.join(' or ')}`);

const tensor = record({ name: text, shape: list(count, 1) });
const network = record({
  file: test(
    (value) => typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]*\.onnx$/.test(value),
    'must be the name of an .onnx file in this folder',
  ),
  sha256: test(
    (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
    'must be 64 hexadecimal digits in lower case',
  ),
  inputs: list(tensor, 1),
  outputs: list(tensor, 1),
});

const manifest = record(
  {
    schema: oneOf(1),
    name: test(
      (value) => typeof value === 'string' && /^[a-z0-9][a-z0-9._-]*$/.test(value),
      'must be a folder name in lower case',
    ),
    kind: oneOf('lite', 'stabstitch2'),
    version: text,
    description: text,
    licence: text,
    origin: text,
    input: record({ width: count, height: count, pixels: oneOf('luma', 'rgb', 'bgr'), mean: number, scale: number }),
    grid: record({ rows: count, cols: count }),
    window: count,
    smoothing: oneOf('canvas', 'view'),
    thresholds: record({ confidence: share, overlap: share }),
    networks: record({ spatial: network, temporal: network, smooth: network }),
    precision: oneOf('float32', 'float16'),
    profiles: values(record({ spatial: network })),
  },
  ['precision', 'profiles'],
);

/**
 * The manifest as a typed value.
 * @param value parsed JSON
 * @throws SeamlineError `model-invalid` that lists every wrong, missing and unknown key at once
 */
export function parseBundleManifest(value: unknown): BundleManifest {
  const errors: FieldError[] = [];
  manifest(value, 'manifest', errors);
  if (errors.length > 0) {
    const lines = errors.map((error) => `${error.field} ${error.message}`).join('; ');
    throw new SeamlineError('model-invalid', `manifest.json is wrong: ${lines}`, { errors });
  }
  return value as BundleManifest;
}
