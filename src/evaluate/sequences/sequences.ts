import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { SeamlineError } from '../../common/seamline-error.ts';
import type { Homography } from '../../geometry/homography.ts';
import { namesIn, readJson } from '../input-files.ts';

/** Two videos of a pair of cameras, frame n of one taken with frame n of the other. */
export interface Sequence {
  readonly name: string;
  readonly videos: readonly [string, string];
  /** Target ← reference for each frame, continuous pixels of the views, where it is known. */
  readonly truth: readonly Homography[] | undefined;
}

/** Ground truth beside a clip: NAME.json or truth.json with `frames[n].reference_to_target`. */
function truthBeside(path: string): Homography[] | undefined {
  if (!existsSync(path)) return undefined;
  const { frames } = (readJson(path) ?? {}) as { readonly frames?: unknown };
  if (!Array.isArray(frames)) return undefined;
  const rows = frames.map((frame) => (frame as { reference_to_target?: unknown } | null)?.reference_to_target);
  if (rows.every((row) => row === undefined)) return undefined;
  return rows.map((row, index) => {
    if (Array.isArray(row) && row.length === 9 && row.every(Number.isFinite)) return Float64Array.from(row as number[]);
    throw new SeamlineError('file-unreadable', `${path}: frames[${index}].reference_to_target must be nine numbers`);
  });
}

/**
 * The clips of a folder: FOLDER/NAME/left.mp4 and right.mp4, and FOLDER/NAME-left.mp4 and NAME-right.mp4.
 * @throws SeamlineError `file-unreadable` when there is none, or something that cannot be understood
 */
export function findSequences(folder: string): Sequence[] {
  const root = resolve(folder);
  const found: Sequence[] = [];
  const entries = namesIn(root);
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
