import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SeamlineError, type FieldError } from '../common/seamline-error.ts';
import { parseBundleManifest, type BundleManifest, type NetworkManifest } from '../contract/bundle-manifest.ts';
import { checkLayout, recogniseNetwork, type NetworkRole } from './checkpoint-layout.ts';
import { openCheckpoint } from './checkpoint.ts';
import type { Precision } from './graph-builder.ts';
import { NetworkWeights } from './network-weights.ts';
import { networkTensors } from './network-tensors.ts';
import { smoothGraph } from './smooth-graph.ts';
import { spatialGraph } from './spatial-graph.ts';
import { temporalGraph } from './temporal-graph.ts';
import { meshGrid, windowLength, workingSize } from './working-size.ts';

/** What to import, and where to. */
export interface ImportOptions {
  /** Folder with spatial_warp.pth, temporal_warp.pth and smooth_warp.pth. */
  readonly source: string;
  /** Folder of all bundles. */
  readonly modelDir: string;
  /** Name of the new bundle, the value of `model` in a job. */
  readonly name: string;
  readonly precision: Precision;
  /** Replace a bundle of the same name. */
  readonly replace: boolean;
  /** Called with the folder of the finished bundle before it gets its name; a throw discards it. */
  readonly verify: (folder: string) => Promise<void>;
}

const ROLES: readonly NetworkRole[] = ['spatial', 'temporal', 'smooth'];
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** Folders under models/ that are the project's own. */
const RESERVED = new Set(['lite', 'training']);

const graphs: Readonly<Record<NetworkRole, (weights: NetworkWeights, precision: Precision) => Uint8Array>> = {
  spatial: spatialGraph,
  temporal: temporalGraph,
  smooth: smoothGraph,
};

interface Network {
  readonly weights: NetworkWeights;
  readonly origin: string;
}

/**
 * Turns the three checkpoints of StabStitch++ into a bundle. The folder appears under its name only when it is whole.
 * @throws SeamlineError `checkpoint-invalid` with the faults of all three files, `invalid-request` for a bad or taken
 *   name, `file-unreadable`
 */
export async function importBundle(options: ImportOptions): Promise<BundleManifest> {
  const { modelDir, name, replace } = options;
  const folder = join(modelDir, name);
  checkName(name);
  if (!replace && (await exists(folder))) {
    throw invalid('name', `there is a bundle ${name} already; --force replaces it`);
  }
  const networks = await readNetworks(options.source);
  await mkdir(modelDir, { recursive: true });
  const draft = join(modelDir, `.${name}.${process.pid}.import`);
  const inside = join(draft, name);
  try {
    await mkdir(inside, { recursive: true });
    const manifest = await writeBundle(inside, networks, options);
    await options.verify(inside);
    if (replace && (await exists(folder))) await rename(folder, join(draft, 'replaced'));
    await rename(inside, folder);
    return manifest;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function checkName(name: string): void {
  if (!NAME.test(name))
    throw invalid('name', 'must be lower-case letters, digits, dots, dashes; a letter or digit first');
  if (RESERVED.has(name)) throw invalid('name', `${name} is the name of a folder of the project`);
}

function invalid(field: string, message: string): SeamlineError {
  return new SeamlineError('invalid-request', `${field} ${message}`, { errors: [{ field, message }] });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** All three networks, or one error that holds the faults of all three files. */
async function readNetworks(source: string): Promise<Record<NetworkRole, Network>> {
  const found = new Map<NetworkRole, Network>();
  const faults: SeamlineError[] = [];
  for (const role of ROLES) {
    try {
      found.set(role, await readNetwork(join(source, `${role}_warp.pth`), role));
    } catch (error) {
      if (!(error instanceof SeamlineError)) throw error;
      faults.push(error);
    }
  }
  if (faults.length > 0) throw merge(faults);
  return Object.fromEntries(found) as Record<NetworkRole, Network>;
}

function merge(faults: readonly SeamlineError[]): SeamlineError {
  const [first] = faults;
  if (first === undefined || faults.length === 1) return first as SeamlineError;
  const errors = faults.flatMap((fault): readonly FieldError[] => fault.errors ?? []);
  const detail = faults.map((fault) => fault.message).join('\n');
  const type = faults.every((fault) => fault.type === 'file-unreadable') ? 'file-unreadable' : 'checkpoint-invalid';
  return new SeamlineError(type, detail, { errors, cause: first });
}

async function readNetwork(path: string, role: NetworkRole): Promise<Network> {
  const checkpoint = await openCheckpoint(path);
  try {
    const recognised = recogniseNetwork(checkpoint);
    if (recognised !== role) {
      throw new SeamlineError(
        'checkpoint-invalid',
        `${checkpoint.file}: holds the ${recognised} network, not the ${role} one`,
      );
    }
    checkLayout(checkpoint, role);
    const weights = await NetworkWeights.read(checkpoint);
    const epoch = checkpoint.epoch === undefined ? '' : `, epoch ${checkpoint.epoch}`;
    return { weights, origin: `${basename(path)} (SHA-256 ${sha256(await readFile(path))}${epoch})` };
  } finally {
    await checkpoint.close();
  }
}

async function writeBundle(
  folder: string,
  networks: Record<NetworkRole, Network>,
  { name, precision }: ImportOptions,
): Promise<BundleManifest> {
  const entries: Partial<Record<NetworkRole, NetworkManifest>> = {};
  const hashes: string[] = [];
  for (const role of ROLES) {
    const bytes = graphs[role](networks[role].weights, precision);
    const file = `${role}.onnx`;
    await writeFile(join(folder, file), bytes);
    entries[role] = { file, sha256: sha256(bytes), ...networkTensors[role] };
    hashes.push(sha256(bytes));
  }
  const manifest = parseBundleManifest({
    schema: 1,
    name,
    kind: 'stabstitch2',
    version: sha256(new TextEncoder().encode(hashes.join())).slice(0, 12),
    description: `StabStitch++, imported from checkpoints${precision === 'float16' ? ', float16' : ''}`,
    licence: 'weights: as their author says (StabStitch++ names Apache-2.0 for its code, nothing for its weights)',
    origin: ROLES.map((role) => networks[role].origin).join('; '),
    input: { width: workingSize.widthPx, height: workingSize.heightPx, pixels: 'bgr', mean: 127.5, scale: 127.5 },
    grid: meshGrid,
    window: windowLength,
    smoothing: 'view',
    // StabStitch++ says nothing of how sure it is; what cannot be drawn is found by the checks of the meshes.
    thresholds: { confidence: 0, overlap: 0.05 },
    networks: entries,
    precision,
  });
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
