import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const expand = promisify(gunzip);

/** Checkpoints with random weights, pictures, and what the original StabStitch++ computes from them. */
export const STABSTITCH2_FIXTURE = fileURLToPath(new URL('../fixtures/stabstitch2', import.meta.url));

/** Puts the fixture's three checkpoints, expanded, into a folder. */
export async function expandCheckpoints(folder: string): Promise<void> {
  for (const role of ['spatial', 'temporal', 'smooth']) {
    const packed = await readFile(join(STABSTITCH2_FIXTURE, `${role}_warp.pth.gz`));
    await writeFile(join(folder, `${role}_warp.pth`), await expand(packed));
  }
}
