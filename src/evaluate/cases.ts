import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeamlineError } from '../common/seamline-error.ts';
import { isFolder, namesIn, readJson } from './input-files.ts';
import { placeOf, readSources } from './sources.ts';

/** Two pictures or two clips to stitch. */
export interface EvaluationCase {
  readonly name: string;
  readonly kind: 'pair' | 'clip' | 'unrelated';
  /** Who took it: pairs of one source are alike. */
  readonly source: string;
  /** The reference. */
  readonly left: string;
  /** The target. */
  readonly right: string;
  /** Points that are known to correspond. */
  readonly truth?: Truth;
}

/** Corresponding points of two pictures, x and y interleaved, pixels with centres at whole numbers. */
export interface Truth {
  readonly left: Float64Array;
  readonly right: Float64Array;
}

const FILE = /^(left|right)\.(?:(jpg|jpeg|png)|mp4|mkv|mov)$/;

/** Steps over which unrelated views are picked; prime, so that neighbours in the alphabet do not meet. */
const STRIDE = 7919;

interface Folder extends EvaluationCase {
  readonly kind: 'pair' | 'clip';
}

function foldersOf(root: string): Folder[] {
  const names = namesIn(root).filter((name) => isFolder(join(root, name)));
  const sourceOf = readSources(root);
  return names.flatMap((name) => readFolder(root, name, sourceOf(name)) ?? []);
}

function readFolder(root: string, name: string, source: string): Folder | undefined {
  const files = namesIn(join(root, name)).map((file) => ({ file, match: FILE.exec(file) }));
  const find = (side: string): (typeof files)[number] | undefined => files.find(({ match }) => match?.[1] === side);
  const [left, right] = [find('left'), find('right')];
  if (left === undefined || right === undefined) return undefined;
  const kind = left.match?.[2] === undefined ? 'clip' : 'pair';
  const paths = { left: join(root, name, left.file), right: join(root, name, right.file) };
  const truth = readTruth(join(root, name, 'truth.json'));
  return { name, kind, source, ...paths, ...(truth === undefined ? {} : { truth }) };
}

function readTruth(path: string): Truth | undefined {
  if (!existsSync(path)) return undefined;
  const { left, right, frames } = (readJson(path) ?? {}) as Record<'left' | 'right' | 'frames', unknown>;
  // The truth of a clip's motion, for evaluate:sequences.
  if (left === undefined && right === undefined && frames !== undefined) return undefined;
  if (!arePoints(left) || !arePoints(right) || left.length !== right.length) {
    throw new SeamlineError(
      'file-unreadable',
      `${path} must read {"left": [[x, y], …], "right": [[x, y], …]}, as many points on both sides, in pixels`,
    );
  }
  return { left: Float64Array.from(left.flat()), right: Float64Array.from(right.flat()) };
}

function arePoints(value: unknown): value is [number, number][] {
  const isPoint = (point: unknown): boolean =>
    Array.isArray(point) && point.length === 2 && point.every((part) => Number.isFinite(part));
  return Array.isArray(value) && value.every(isPoint);
}

/**
 * The pairs FOLDER/NAME/left.jpg, right.jpg (or .png) in both orders, the clips left.mp4, right.mp4 in one, and the pairs
 * of views without overlap that FOLDER/no_overlap.csv lists.
 * @param unrelated views of different places to put together beside these; names of one place start alike, up to `_`
 * @param limit pairs at most, listed ones too, and then no clip; undefined for everything
 * @throws SeamlineError `file-unreadable` when there is nothing, or something that cannot be understood
 */
export function findCases(root: string, unrelated: number, limit: number | undefined): EvaluationCase[] {
  const folders = foldersOf(root);
  const pairs = folders.filter(({ kind }) => kind === 'pair').slice(0, limit);
  const cases = [
    ...pairs.flatMap((pair) => [pair, swapped(pair)]),
    ...folders.filter(({ kind }) => kind === 'clip' && limit === undefined),
    ...listedUnrelated(root, limit),
    ...drawnUnrelated(pairs, unrelated),
  ];
  if (cases.length === 0) throw new SeamlineError('file-unreadable', `${root} holds no NAME/left.jpg and right.jpg`);
  return cases;
}

function swapped({ name, source, left, right, truth }: Folder): EvaluationCase {
  const back = truth === undefined ? {} : { truth: { left: truth.right, right: truth.left } };
  return { name: `${name} swapped`, kind: 'pair', source, left: right, right: left, ...back };
}

function listedUnrelated(root: string, limit: number | undefined): EvaluationCase[] {
  const list = join(root, 'no_overlap.csv');
  if (!existsSync(list)) return [];
  const lines = readFileSync(list, 'utf8').trimEnd().split(/\r?\n/).slice(1);
  return lines.slice(0, limit).map((line, index) => {
    const [left = '', right = '', ...more] = line.split(',');
    const isRight = more.length === 0 && [left, right].every((name) => name !== '' && existsSync(join(root, name)));
    if (!isRight) {
      const where = `${list}, line ${index + 2}`;
      throw new SeamlineError('file-unreadable', `${where}: "${line}" must be two pictures in ${root}, LEFT,RIGHT`);
    }
    const paths = { left: join(root, left), right: join(root, right) };
    return { name: `${left} + ${right}`, kind: 'unrelated', source: '', ...paths };
  });
}

function drawnUnrelated(folders: readonly Folder[], count: number): EvaluationCase[] {
  const cases: EvaluationCase[] = [];
  const total = folders.length ** 2;
  for (let step = 1; step <= total && cases.length < count; step += 1) {
    const index = (step * STRIDE) % total;
    const [a, b] = [folders[Math.floor(index / folders.length)]!, folders[index % folders.length]!];
    if (placeOf(a.name) === placeOf(b.name)) continue;
    cases.push({ name: `${a.name} + ${b.name}`, kind: 'unrelated', source: '', left: a.left, right: b.right });
  }
  return cases;
}
