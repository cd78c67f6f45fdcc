import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';

/** Injection token of the pages' files by name. */
export const VIEWER_ASSETS = Symbol('viewer assets');

/** One file of the pages, in memory. */
export interface Asset {
  readonly type: string;
  /** Strong validator (RFC 9110, 8.8.3). */
  readonly etag: string;
  readonly body: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Reads all files of a folder once; they are small and few. */
export function readAssets(folder: URL): ReadonlyMap<string, Asset> {
  const names = readdirSync(folder).filter((name) => extname(name) in TYPES);
  return new Map(
    names.map((name): [string, Asset] => {
      const body = readFileSync(new URL(name, folder));
      const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
      return [name, { type: TYPES[extname(name)] ?? '', etag, body }];
    }),
  );
}
