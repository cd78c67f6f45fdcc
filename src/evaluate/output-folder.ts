import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SeamlineError } from '../common/seamline-error.ts';

/**
 * Makes the folder that results go to, before hours of work are put into them.
 * @returns its absolute path
 * @throws SeamlineError `invalid-request` when nothing can be written there
 */
export async function outputFolder(path: string): Promise<string> {
  const folder = resolve(path);
  try {
    await mkdir(folder, { recursive: true });
    await rm(await mkdtemp(join(folder, '.writable-')), { recursive: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SeamlineError('invalid-request', `--out ${path} is no folder that can be written to: ${why}`, {
      cause: error,
    });
  }
  return folder;
}
