import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SeamlineError } from '../../../src/common/seamline-error.ts';
import { bundleFolder, listBundles, readBundle, readManifest } from '../../../src/inference/model-store.ts';

const bytes = { spatial: 'spatial net', temporal: 'temporal net', smooth: 'smooth net', quality: 'quality net' };
const network = (role: keyof typeof bytes): Record<string, unknown> => ({
  file: `${role}.onnx`,
  sha256: createHash('sha256').update(bytes[role]).digest('hex'),
  inputs: [{ name: 'x', shape: [1] }],
  outputs: [{ name: 'y', shape: [1] }],
});
const manifest = (): Record<string, unknown> => ({
  schema: 1,
  name: 'alpha',
  kind: 'lite',
  version: '1',
  description: 'for a test',
  licence: 'Apache-2.0',
  origin: 'a test',
  input: { width: 480, height: 360, pixels: 'luma', mean: 0, scale: 1 },
  grid: { rows: 9, cols: 12 },
  window: 7,
  smoothing: 'canvas',
  thresholds: { confidence: 0.5, overlap: 0.1 },
  networks: { spatial: network('spatial'), temporal: network('temporal'), smooth: network('smooth') },
  profiles: { quality: { spatial: network('quality') } },
});

let root: string;
let folder: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'seamline-models-'));
  folder = join(root, 'alpha');
  await mkdir(folder);
  for (const [role, text] of Object.entries(bytes)) await writeFile(join(folder, `${role}.onnx`), text);
  await write(manifest());
});

afterEach(() => rm(root, { recursive: true }));

const write = (value: unknown): Promise<void> => writeFile(join(folder, 'manifest.json'), JSON.stringify(value));

async function problem(action: Promise<unknown>): Promise<SeamlineError> {
  const error = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SeamlineError && error.type === 'model-invalid') return error;
  throw new Error('the bundle was not refused', { cause: error });
}

describe('model store', () => {
  it('reads the bytes whose hashes the manifest names', async () => {
    const bundle = await readBundle(folder);
    expect(new TextDecoder().decode(bundle.files.temporal)).toBe('temporal net');
    expect(bundle.networks.spatial.file).toBe('spatial.onnx');
  });

  it('takes the SpatialNet of a profile and names the profiles it has otherwise', async () => {
    const bundle = await readBundle(folder, 'quality');
    expect(new TextDecoder().decode(bundle.files.spatial)).toBe('quality net');
    expect((await problem(readBundle(folder, 'fast'))).message).toContain('quality');
    expect((await problem(readBundle(folder, 'constructor'))).message).toContain('no profile');
  });

  it('refuses a network that was changed, and names the key', async () => {
    await writeFile(join(folder, 'smooth.onnx'), 'another net');
    expect((await problem(readBundle(folder))).errors?.[0]?.field).toBe('manifest.networks.smooth.sha256');
  });

  it('refuses a network that is missing, and names the key', async () => {
    await rm(join(folder, 'spatial.onnx'));
    expect((await problem(readBundle(folder))).errors?.[0]?.field).toBe('manifest.networks.spatial.file');
  });

  it.each(['../alpha/spatial.onnx', '/etc/passwd', 'sub/spatial.onnx', '..', 'spatial.bin'])(
    'refuses the file name %s',
    async (file) => {
      const value = manifest();
      (value['networks'] as Record<string, Record<string, unknown>>)['spatial']!['file'] = file;
      await write(value);
      expect((await problem(readBundle(folder))).errors?.[0]?.field).toBe('manifest.networks.spatial.file');
    },
  );

  it('refuses unknown keys, another folder name and broken JSON', async () => {
    await write({ ...manifest(), colour: 'red' });
    expect((await problem(readManifest(folder))).errors?.[0]?.field).toBe('manifest.colour');
    await write({ ...manifest(), name: 'beta' });
    expect((await problem(readManifest(folder))).errors?.[0]?.field).toBe('manifest.name');
    await writeFile(join(folder, 'manifest.json'), '{');
    expect((await problem(readManifest(folder))).message).toContain('no JSON');
    await rm(join(folder, 'manifest.json'));
    expect((await problem(readManifest(folder))).message).toContain('no readable manifest.json');
  });

  it('lists the folders that hold a manifest', async () => {
    await mkdir(join(root, 'training'));
    await writeFile(join(root, 'notes.txt'), '');
    expect(await listBundles(root)).toEqual(['alpha']);
  });

  it.each(['..', '../alpha', 'Alpha', 'a/b', '.hidden', ''])('refuses %j as the name of a bundle', (name) => {
    expect(() => bundleFolder(root, name)).toThrow(SeamlineError);
  });
});
