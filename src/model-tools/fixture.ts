import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SeamlineError, type FieldError } from '../common/seamline-error.ts';

/** An array that the original code computed. */
export interface ExpectedArray {
  readonly name: string;
  /** Little-endian float32 below `expected/`, row-major. */
  readonly file: string;
  readonly shape: readonly number[];
  /** Largest absolute difference that is allowed. */
  readonly limit: number;
}

/** A panorama that the original code made. */
export interface ExpectedImage {
  readonly file: string;
  readonly blend: 'average' | 'linear';
  readonly frame: number;
  /** Mean absolute difference that is allowed, grey levels. */
  readonly limitMeanAbs: number;
}

/** `expected/index.json` of a fixture: pictures of two cameras, and what StabStitch++ computes from them. */
export interface Fixture {
  readonly folder: string;
  readonly frames: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly arrays: readonly ExpectedArray[];
  readonly images: readonly ExpectedImage[];
}

const MAX_FRAMES = 100_000;

type Item = Record<string, unknown>;
const isItem = (value: unknown): value is Item => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;
const isLimit = (value: unknown): value is number => typeof value === 'number' && value >= 0;
/** A path below the fixture's folder that cannot leave it. */
const isFile = (value: unknown): value is string =>
  typeof value === 'string' && /^[\w-][\w./-]*$/.test(value) && !value.includes('..');

/** Reads a fixture's index. @throws SeamlineError `file-unreadable` that lists every wrong entry */
export async function readFixture(folder: string): Promise<Fixture> {
  let index: unknown;
  try {
    index = JSON.parse(await readFile(join(folder, 'expected', 'index.json'), 'utf8'));
  } catch (cause) {
    throw new SeamlineError('file-unreadable', `${basename(folder)} has no readable expected/index.json`, { cause });
  }
  return parseFixture(folder, index);
}

/** A fixture from its parsed index. @throws SeamlineError `file-unreadable` */
export function parseFixture(folder: string, index: unknown): Fixture {
  const errors: FieldError[] = [];
  const root = isItem(index) ? index : {};
  for (const field of ['frames', 'width', 'height']) {
    if (!isCount(root[field]) || root[field] > MAX_FRAMES)
      errors.push({ field, message: 'must be a positive whole number' });
  }
  const arrays = list(root, 'arrays', errors, (item, field) => {
    const { name, file, dtype, shape, limit } = item;
    const isShape = Array.isArray(shape) && shape.length > 0 && shape.every(isCount);
    if (
      typeof name !== 'string' ||
      !isFile(file) ||
      !isShape ||
      !isLimit(limit) ||
      (dtype ?? 'float32-le') !== 'float32-le'
    ) {
      errors.push({ field, message: 'must have name, file, shape, limit and the dtype float32-le' });
      return undefined;
    }
    return { name, file, shape: shape, limit };
  });
  const images = list(root, 'images', errors, (item, field) => {
    const { file, blend, frame, limit_mean_abs: limitMeanAbs } = item;
    if (
      !isFile(file) ||
      (blend !== 'average' && blend !== 'linear') ||
      !Number.isInteger(frame) ||
      !isLimit(limitMeanAbs)
    ) {
      errors.push({ field, message: 'must have file, blend (average or linear), frame and limit_mean_abs' });
      return undefined;
    }
    return { file, blend, frame: frame as number, limitMeanAbs } as const;
  });
  if (errors.length === 0 && arrays.length + images.length === 0) {
    errors.push({ field: 'arrays', message: 'lists nothing to compare' });
  }
  if (errors.length > 0) {
    const lines = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
    throw new SeamlineError('file-unreadable', `expected/index.json is wrong: ${lines}`, { errors });
  }
  const { frames, width, height } = root as { frames: number; width: number; height: number };
  return { folder, frames, widthPx: width, heightPx: height, arrays, images };
}

function list<T>(
  root: Item,
  key: string,
  errors: FieldError[],
  read: (item: Item, field: string) => T | undefined,
): T[] {
  const value = root[key] ?? [];
  if (!Array.isArray(value)) {
    errors.push({ field: key, message: 'must be a list' });
    return [];
  }
  return value.flatMap((item, index) => read(isItem(item) ? item : {}, `${key}[${index}]`) ?? []);
}

/** The numbers of an expected array. @throws SeamlineError `file-unreadable` when their count is not the shape's */
export async function readExpected(fixture: Fixture, array: ExpectedArray): Promise<Float32Array> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(fixture.folder, 'expected', array.file));
  } catch (cause) {
    throw new SeamlineError('file-unreadable', `${array.file} cannot be read`, { cause });
  }
  const count = array.shape.reduce((product, side) => product * side, 1);
  if (bytes.length !== count * 4) throw new SeamlineError('file-unreadable', `${array.file} has not ${count} numbers`);
  return Float32Array.from({ length: count }, (_item, index) => bytes.readFloatLE(index * 4));
}

/** Path of a frame's picture. @param view 1 or 2 */
export function framePath(fixture: Fixture, view: 1 | 2, frame: number): string {
  return join(fixture.folder, 'frames', `view${view}`, `${String(frame).padStart(3, '0')}.png`);
}
