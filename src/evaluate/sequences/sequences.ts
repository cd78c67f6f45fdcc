import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { SeamlineError } from '../../common/seamline-error.ts';
import type { Homography } from '../../geometry/homography.ts';

/** Two videos of a pair of cameras, frame n of one taken with frame n of the other. */
export interface Sequence {
  readonly name: string;
  readonly videos: readonly [string, string];
  /** Target ← reference for each frame, continuous pixels of the views, where it is known. */
  readonly truth: readonly Homography[] | undefined;
}

interface TruthFile {
  readonly frames?: readonly { readonly reference_to_target?: readonly number[] }[];
}

/** Ground truth beside a clip: NAME.json or truth.json with `frames[n].reference_to_target`. */
function truthBeside(path: string): Homography[] | undefined {
  if (!existsSync(path)) return undefined;
  const { frames } = JSON.parse(readFileSync(path, 'utf8')) as TruthFile;
  const homographies = frames?.flatMap(({ reference_to_target: h }) => (h?.length === 9 ? [Float64Array.from(h)] : []));
  return homographies === undefined || homographies.length === 0 ? undefined : homographies;
}

/**
 * The clips of a folder: FOLDER/NAME/left.mp4 and right.mp4, and FOLDER/NAME-left.mp4 and NAME-right.mp4.
 * @throws SeamlineError `file-unreadable` when there is none
 */
export function findSequences(folder: string): Sequence[] {
  const root = resolve(folder);
  const found: Sequence[] = [];
  const entries = existsSync(root) ? readdirSync(root).toSorted() : [];
  for (const entry of entries) {
    const inside = [join(root, entry, 'left.mp4'), join(root, entry, 'right.mp4')] as const;
    if (inside.every((path) => existsSync(path))) {
      found.push({ name: entry, videos: inside, truth: truthBeside(join(root, entry, 'truth.json')) });
    }
    const name = /^(.+)-left\.mp4$/.exec(entry)?.[1];
    if (name === undefined || !entries.includes(`${name}-right.mp4`)) continue;
    const videos = [join(root, entry), join(root, `${name}-right.mp4`)] as const;
    found.push({ name: `${basename(root)}-${name}`, videos, truth: truthBeside(join(root, `${name}.json`)) });
  }
  if (found.length === 0) throw new SeamlineError('file-unreadable', `${folder} holds no clips of two cameras`);
  return found;
}
