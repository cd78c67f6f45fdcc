import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { SeamlineError } from '../common/seamline-error.ts';
import { parseBundleManifest, type BundleManifest, type NetworkManifest } from '../contract/bundle-manifest.ts';

const MANIFEST_FILE = 'manifest.json';
/** Longest manifest that is read, bytes. */
const MAX_MANIFEST_BYTES = 1024 * 1024;

/** Which network of a bundle. */
export type NetworkRole = 'spatial' | 'temporal' | 'smooth';

/** A bundle whose manifest and files were checked. */
export interface Bundle {
  readonly manifest: BundleManifest;
  /** The checked bytes of each network, as they are handed to ONNX Runtime: a file changed later cannot slip in. */
  readonly files: Readonly<Record<NetworkRole, Uint8Array>>;
  /** Manifest entries in use, after the profile was applied. */
  readonly networks: Readonly<Record<NetworkRole, NetworkManifest>>;
}

async function readJson(folder: string): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(folder, MANIFEST_FILE));
  } catch (error) {
    throw new SeamlineError('model-invalid', `the bundle ${basename(folder)} has no readable manifest.json`, {
      cause: error,
    });
  }
  if (bytes.length > MAX_MANIFEST_BYTES) throw new SeamlineError('model-invalid', 'manifest.json is too long');
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new SeamlineError('model-invalid', `manifest.json of ${basename(folder)} is no JSON`, { cause: error });
  }
}

/** The manifest of a bundle's folder, without reading the networks. @throws SeamlineError `model-invalid` */
export async function readManifest(folder: string): Promise<BundleManifest> {
  const manifest = parseBundleManifest(await readJson(folder));
  if (manifest.name !== basename(resolve(folder))) {
    throw new SeamlineError(
      'model-invalid',
      `manifest.name is ${manifest.name}, but the folder is called ${basename(resolve(folder))}`,
      { errors: [{ field: 'manifest.name', message: 'must be the name of the folder' }] },
    );
  }
  return manifest;
}

/**
 * A bundle with the bytes of its networks, all hashes checked. Only files directly in the folder are read.
 * @param profile a key of `manifest.profiles`, or undefined for the standard networks
 * @throws SeamlineError `model-invalid` that names the key at fault
 */
export async function readBundle(folder: string, profile?: string): Promise<Bundle> {
  const manifest = await readManifest(folder);
  const { spatial, temporal, smooth } = manifest.networks;
  const networks = { spatial: profile === undefined ? spatial : spatialOf(manifest, profile), temporal, smooth };
  const read = (role: NetworkRole): Promise<Uint8Array> => readNetwork(folder, networks[role], role);
  const [spatialFile, temporalFile, smoothFile] = await Promise.all([
    read('spatial'),
    read('temporal'),
    read('smooth'),
  ]);
  return { manifest, networks, files: { spatial: spatialFile, temporal: temporalFile, smooth: smoothFile } };
}

function spatialOf(manifest: BundleManifest, profile: string): NetworkManifest {
  const profiles = manifest.profiles ?? {};
  const chosen = Object.hasOwn(profiles, profile) ? profiles[profile] : undefined;
  if (chosen !== undefined) return chosen.spatial;
  const known = Object.keys(profiles).join(', ') || 'none';
  throw new SeamlineError('model-invalid', `the bundle ${manifest.name} has no profile ${profile}; it has: ${known}`);
}

async function readNetwork(folder: string, network: NetworkManifest, role: NetworkRole): Promise<Uint8Array> {
  const field = `manifest.networks.${role}`;
  const wrong = (key: string, message: string, cause?: unknown): SeamlineError =>
    new SeamlineError('model-invalid', `${field}.${key} ${message}`, {
      errors: [{ field: `${field}.${key}`, message }],
      cause,
    });
  // parseBundleManifest lets no separator through; this holds even if a manifest came another way.
  if (basename(network.file) !== network.file) throw wrong('file', 'must not name a folder');
  let bytes: Buffer;
  try {
    bytes = await readFile(join(folder, network.file));
  } catch (error) {
    throw wrong('file', `(${network.file}) cannot be read`, error);
  }
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== network.sha256) throw wrong('sha256', `does not match ${network.file}, which has ${found}`);
  return bytes;
}

/** Names of the bundles under a folder, sorted; folders without a manifest are passed over. */
export async function listBundles(modelDir: string): Promise<readonly string[]> {
  const entries = await readdir(modelDir, { withFileTypes: true });
  const names: string[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory() && !entry.isSymbolicLink()) continue;
    const inside = await readdir(join(modelDir, entry.name)).catch((): string[] => []);
    if (inside.includes(MANIFEST_FILE)) names.push(entry.name);
  }
  return names.toSorted();
}

/**
 * Folder of a bundle by its name.
 * @throws SeamlineError `model-invalid` for a name that is none, so that nothing outside `modelDir` is reached
 */
export function bundleFolder(modelDir: string, name: string): string {
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name)) throw new SeamlineError('model-invalid', 'model is no name of a bundle');
  return join(modelDir, name);
}
