import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

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

/** Reads all files of a folder once, and the player for HTTP-FLV from its package; they are small and few. */
export function readAssets(folder: URL): ReadonlyMap<string, Asset> {
  const names = readdirSync(folder).filter((name) => extname(name) in TYPES);
  const files = names.map((name) => [name, fileURLToPath(new URL(name, folder))] as const);
  const library = createRequire(import.meta.url).resolve('mpegts.js');
  return new Map([...files, ['mpegts.js', library] as const].map(([name, file]) => [name, readAsset(file)]));
}

function readAsset(file: string): Asset {
  const body = readFileSync(file);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { type: TYPES[extname(file)] ?? '', etag, body };
}
