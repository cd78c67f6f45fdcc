import { readdirSync, readFileSync, statSync } from 'node:fs';
import { SeamlineError } from '../common/seamline-error.ts';

/** Names in a folder, in order. @throws SeamlineError `file-unreadable` when it cannot be listed */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    throw unreadable(`${folder} cannot be read as a folder`, error);
  }
}

/** Whether a path leads to a folder. @throws SeamlineError `file-unreadable` when it leads nowhere */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(`${path} leads to nothing that can be read`, error);
  }
}

/** What a JSON file holds. @throws SeamlineError `file-unreadable` that names the file and the place of the mistake */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw unreadable(`${path} is no JSON`, error);
  }
}

function unreadable(what: string, cause: unknown): SeamlineError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SeamlineError('file-unreadable', `${what}: ${why}`, { cause });
}
