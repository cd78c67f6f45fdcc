import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { runModels } from '../../../src/model-tools/command.ts';
import { expandCheckpoints, STABSTITCH2_FIXTURE } from '../../helpers/stabstitch2-fixture.ts';

const PYTHON = '/usr/bin/python3';
const hasOnnxChecker = spawnSync(PYTHON, ['-c', 'import onnx']).status === 0;

let work: string;
let modelDir: string;
let printed: string[];
let complained: string[];

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'seamline-import-'));
  modelDir = join(work, 'models');
  await expandCheckpoints(work);
  await models('import', work, '--name', 'exact');
  await models('import', work, '--name', 'half', '--fp16');
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function models(...argv: string[]): Promise<number> {
  printed = [];
  complained = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => complained.push(String(text)) > 0);
  return runModels([...argv, '--model-dir', modelDir]);
}

/** A copy of the fixture whose index holds the named arrays only, with some things changed. */
async function fixtureWith(
  names: readonly string[],
  changes: { frames?: number; limits?: Record<string, number>; rename?: string } = {},
): Promise<string> {
  const copy = await mkdtemp(join(work, 'fixture-'));
  await cp(STABSTITCH2_FIXTURE, copy, { recursive: true, filter: (path) => !path.endsWith('.gz') });
  const path = join(copy, 'expected', 'index.json');
  const index = JSON.parse(await readFile(path, 'utf8')) as {
    frames: number;
    arrays: { name: string; limit: number }[];
  };
  const arrays = index.arrays
    .filter(({ name }) => names.includes(name))
    .map((array) => ({
      ...array,
      name: changes.rename ?? array.name,
      limit: changes.limits?.[array.name] ?? array.limit,
    }));
  await writeFile(path, JSON.stringify({ ...index, frames: changes.frames ?? index.frames, arrays, images: [] }));
  return copy;
}

describe('models import and check', () => {
  it('computes every array and picture of the original within its limit', async () => {
    const exitCode = await models('check', 'exact', '--fixture', STABSTITCH2_FIXTURE);

    expect(printed.join('')).toContain('35 of 35 within their limits');
    expect(exitCode).toBe(0);
  });

  it('keeps the final meshes of a float16 bundle within half a pixel', async () => {
    const exitCode = await models(
      'check',
      'half',
      '--fixture',
      await fixtureWith(['final_mesh_view1', 'final_mesh_view2', 'spatial_mesh_view1']),
    );

    const lines = printed.join('').split('\n');
    expect(lines.filter((line) => line.startsWith('final_mesh')).every((line) => / 0\.5 +ok$/.test(line))).toBe(true);
    expect(lines.find((line) => line.startsWith('spatial_mesh_view1'))).toMatch(/ none +ok$/);
    expect(exitCode).toBe(0);
  });

  it('fails when one array exceeds its limit, and when one is not known', async () => {
    const tight = await fixtureWith(['probe_ccl_flow_frame0', 'probe_dlt_frame0'], {
      frames: 1,
      limits: { probe_ccl_flow_frame0: 1e-9 },
    });
    const unknown = await fixtureWith(['probe_dlt_frame0'], { frames: 1, rename: 'probe_something_frame0' });

    expect(await models('check', 'exact', '--fixture', tight)).toBe(1);
    expect(printed.join('')).toMatch(/probe_ccl_flow_frame0 .*EXCEEDS/);
    expect(printed.join('')).toMatch(/probe_dlt_frame0 .*ok/);

    expect(await models('check', 'exact', '--fixture', unknown)).toBe(1);
    expect(printed.join('')).toMatch(/probe_something_frame0 .*not an array we know/);
  });

  it('checks hashes and loads the networks without a fixture', async () => {
    expect(await models('check', 'exact')).toBe(0);

    await cp(join(modelDir, 'exact'), join(modelDir, 'touched'), { recursive: true });
    const manifest = await readFile(join(modelDir, 'touched', 'manifest.json'), 'utf8');
    await writeFile(join(modelDir, 'touched', 'manifest.json'), manifest.replace('"exact"', '"touched"'));
    await writeFile(join(modelDir, 'touched', 'smooth.onnx'), 'x');
    expect(await models('check', 'touched')).toBe(1);
    expect(complained.join('')).toMatch(/networks\.smooth\.sha256/);
  });

  it('lists bundles, and says of one what it is and where it came from', async () => {
    await models('list');
    expect(printed.join('')).toMatch(/exact +stabstitch2/);

    expect(await models('show', 'exact', '--provider', 'cpu')).toBe(0);
    const text = printed.join('');
    expect(text).toMatch(/spatial_warp\.pth \(SHA-256 31d6dc86[0-9a-f]+, epoch 37\)/);
    expect(text).toMatch(/cpu: temporal +\d+\.\d ms/);
  });

  it('replaces a bundle only when told to', async () => {
    expect(await models('import', work, '--name', 'exact')).toBe(1);
    expect(complained.join('')).toMatch(/--force/);
    expect(await models('import', work, '--name', 'exact', '--force')).toBe(0);
  });

  it('names what is wrong with all three files, and leaves nothing behind', async () => {
    const bad = await mkdtemp(join(work, 'bad-'));
    await cp(join(work, 'temporal_warp.pth'), join(bad, 'spatial_warp.pth'));
    await writeFile(join(bad, 'smooth_warp.pth'), Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex'));

    expect(await models('import', bad, '--name', 'broken')).toBe(1);

    expect(complained.join('')).toMatch(/holds the temporal network, not the spatial one/);
    expect(complained.join('')).toMatch(/temporal_warp\.pth cannot be read/);
    expect(complained.join('')).toMatch(/before version 1\.6/);
    await models('list');
    expect(printed.join('')).not.toContain('broken');
  });

  it.runIf(hasOnnxChecker)('writes files that the ONNX checker and its strict shape inference accept', () => {
    const script =
      'import sys, onnx\n' +
      'for path in sys.argv[1:]:\n' +
      '    model = onnx.load(path)\n' +
      '    onnx.checker.check_model(model, full_check=True)\n' +
      '    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)\n';
    const files = ['exact', 'half'].flatMap((name) =>
      ['spatial', 'temporal', 'smooth'].map((role) => join(modelDir, name, `${role}.onnx`)),
    );

    const { status, stderr } = spawnSync(PYTHON, ['-c', script, ...files], { encoding: 'utf8' });

    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
