import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SeamlineError } from '../common/seamline-error.ts';

/** Two pictures or two clips to stitch. */
export interface EvaluationCase {
  readonly name: string;
  readonly kind: 'pair' | 'clip' | 'unrelated';
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
  const names = existsSync(root) ? readdirSync(root).filter((name) => statSync(join(root, name)).isDirectory()) : [];
  return names.toSorted().flatMap((name) => readFolder(root, name) ?? []);
}

function readFolder(root: string, name: string): Folder | undefined {
  const files = readdirSync(join(root, name)).map((file) => ({ file, match: FILE.exec(file) }));
  const find = (side: string): (typeof files)[number] | undefined => files.find(({ match }) => match?.[1] === side);
  const [left, right] = [find('left'), find('right')];
  if (left === undefined || right === undefined) return undefined;
  const kind = left.match?.[2] === undefined ? 'clip' : 'pair';
  const paths = { left: join(root, name, left.file), right: join(root, name, right.file) };
  const truth = readTruth(join(root, name, 'truth.json'));
  return { name, kind, ...paths, ...(truth === undefined ? {} : { truth }) };
}

function readTruth(path: string): Truth | undefined {
  if (!existsSync(path)) return undefined;
  const { left, right } = JSON.parse(readFileSync(path, 'utf8')) as Record<'left' | 'right', [number, number][]>;
  return { left: Float64Array.from(left.flat()), right: Float64Array.from(right.flat()) };
}

/**
 * The pairs FOLDER/NAME/left.jpg, right.jpg (or .png) in both orders, the clips left.mp4, right.mp4 in one, and the pairs
 * of views without overlap that FOLDER/no_overlap.csv lists.
 * @param unrelated views of different places to put together beside these; names of one place start alike, up to `_`
 * @param limit pairs at most, or undefined for all
 * @throws SeamlineError `file-unreadable` when there is nothing
 */
export function findCases(root: string, unrelated: number, limit: number | undefined): EvaluationCase[] {
  const folders = foldersOf(root);
  const pairs = folders.filter(({ kind }) => kind === 'pair').slice(0, limit);
  const cases = [
    ...pairs.flatMap((pair) => [pair, swapped(pair)]),
    ...folders.filter(({ kind }) => kind === 'clip'),
    ...listedUnrelated(root, limit),
    ...drawnUnrelated(pairs, unrelated),
  ];
  if (cases.length === 0) throw new SeamlineError('file-unreadable', `${root} holds no NAME/left.jpg and right.jpg`);
  return cases;
}

function swapped({ name, left, right, truth }: Folder): EvaluationCase {
  const back = truth === undefined ? {} : { truth: { left: truth.right, right: truth.left } };
  return { name: `${name} swapped`, kind: 'pair', left: right, right: left, ...back };
}

function listedUnrelated(root: string, limit: number | undefined): EvaluationCase[] {
  const list = join(root, 'no_overlap.csv');
  if (!existsSync(list)) return [];
  const lines = readFileSync(list, 'utf8').trim().split(/\r?\n/).slice(1);
  return lines.slice(0, limit).map((line) => {
    const [left = '', right = ''] = line.split(',');
    return { name: `${left} + ${right}`, kind: 'unrelated', left: join(root, left), right: join(root, right) };
  });
}

function drawnUnrelated(folders: readonly Folder[], count: number): EvaluationCase[] {
  const place = ({ name }: Folder): string => name.split('_')[0] ?? name;
  const cases: EvaluationCase[] = [];
  const total = folders.length ** 2;
  for (let step = 1; step <= total && cases.length < count; step += 1) {
    const index = (step * STRIDE) % total;
    const [a, b] = [folders[Math.floor(index / folders.length)]!, folders[index % folders.length]!];
    if (place(a) === place(b)) continue;
    cases.push({ name: `${a.name} + ${b.name}`, kind: 'unrelated', left: a.left, right: b.right });
  }
  return cases;
}
