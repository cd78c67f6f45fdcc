import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeamlineError } from '../common/seamline-error.ts';

/** Two pictures to stitch. */
export interface EvaluationCase {
  readonly name: string;
  readonly kind: 'pair' | 'unrelated';
  /** The reference. */
  readonly left: string;
  /** The target. */
  readonly right: string;
}

const PICTURE = /^(left|right)\.(jpg|jpeg|png)$/;

/** Steps over which unrelated views are picked; prime, so that neighbours in the alphabet do not meet. */
const STRIDE = 7919;

interface Folder {
  readonly name: string;
  readonly left: string;
  readonly right: string;
}

function foldersOf(root: string): Folder[] {
  const folders: Folder[] = [];
  const entries = existsSync(root) ? readdirSync(root, { withFileTypes: true }) : [];
  for (const { name } of entries.filter((entry) => entry.isDirectory()).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const files = new Map<string, string>();
    for (const file of readdirSync(join(root, name))) {
      const side = PICTURE.exec(file)?.[1];
      if (side !== undefined) files.set(side, join(root, name, file));
    }
    const [left, right] = [files.get('left'), files.get('right')];
    if (left !== undefined && right !== undefined) folders.push({ name, left, right });
  }
  return folders;
}

/**
 * The pairs FOLDER/NAME/left.jpg, right.jpg (or .png) in both orders, and those that FOLDER/no_overlap.csv lists.
 * @param unrelated views of different places to put together beside these; names of one place start alike, up to `_`
 * @param limit pairs at most, or undefined for all
 * @throws SeamlineError `file-unreadable` when there is no pair
 */
export function findCases(root: string, unrelated: number, limit: number | undefined): EvaluationCase[] {
  const folders = foldersOf(root).slice(0, limit);
  if (folders.length === 0) throw new SeamlineError('file-unreadable', `${root} holds no NAME/left.jpg and right.jpg`);
  const cases: EvaluationCase[] = folders.flatMap(({ name, left, right }) => [
    { name, kind: 'pair', left, right },
    { name: `${name} swapped`, kind: 'pair', left: right, right: left },
  ]);
  return [...cases, ...(limit === undefined ? listedUnrelated(root) : []), ...drawnUnrelated(folders, unrelated)];
}

function listedUnrelated(root: string): EvaluationCase[] {
  const list = join(root, 'no_overlap.csv');
  if (!existsSync(list)) return [];
  const lines = readFileSync(list, 'utf8').trim().split(/\r?\n/).slice(1);
  return lines.map((line) => {
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
