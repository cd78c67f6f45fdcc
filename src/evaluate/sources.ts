import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeamlineError } from '../common/seamline-error.ts';

/** The part of a name that stands for its place where nothing else is known. */
export function placeOf(name: string): string {
  return name.split('_')[0] ?? name;
}

/**
 * Who took the pair of a name: FOLDER/sources.csv says it in its columns `pair` and `source_group`, of which none may
 * be quoted or follow a quoted one; a pair that is not there, and all without that file, go by `placeOf`.
 * @throws SeamlineError `file-unreadable` when the file has no such columns
 */
export function readSources(root: string): (name: string) => string {
  const path = join(root, 'sources.csv');
  if (!existsSync(path)) return placeOf;
  const [head, ...lines] = readFileSync(path, 'utf8')
    .split(/\r?\n/)
    .map((line) => line.split(','));
  const [pair, source] = ['pair', 'source_group'].map((title) => head!.indexOf(title)) as [number, number];
  if (pair < 0 || source < 0)
    throw new SeamlineError('file-unreadable', `${path}, line 1: there must be columns pair and source_group`);
  const sources = new Map(lines.map((cells) => [cells[pair], cells[source]]));
  return (name) => sources.get(name) ?? placeOf(name);
}
