import 'reflect-metadata';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Baselines } from '../../../src/evaluate/baselines.ts';
import { runEvaluate } from '../../../src/evaluate/command.ts';
import type { Row } from '../../../src/evaluate/evaluate-case.ts';
import type { Summary } from '../../../src/evaluate/summary.ts';
import type { Picture } from '../../../src/model-tools/picture.ts';
import { knownPair, truthOf } from '../../helpers/known-pair.ts';
import { runProgram } from '../../helpers/run-program.ts';

const PYTHON = '/usr/bin/python3';
const SIZE = { widthPx: 640, heightPx: 480 };

let folder: string;
let complained: string[];

interface Evaluation {
  readonly summary: Summary;
  readonly worst: readonly string[];
  readonly rows: readonly Row[];
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seamline-evaluation-'));
  const near = knownPair(SIZE, [230, 14], 0.04);
  const far = knownPair(SIZE, [380, -20], -0.02, 40);
  await writePair('flat_near', near.left, near.right, truthOf(near));
  await writePair('flat_far', far.left, far.right, truthOf(far));
  // What is said to be true is 30 px beside it: whoever aligns well must be far from it.
  const { left, right } = truthOf(near);
  await writePair('lie_near', near.left, near.right, { left, right: right.map(([x, y]) => [x! + 30, y!]) });
  await writeFile(join(folder, 'no_overlap.csv'), 'left_from,right_from\nflat_near/left.png,flat_far/right.png\n');
}, 60_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function writePair(name: string, left: Picture, right: Picture, truth: object): Promise<void> {
  const at = join(folder, name);
  await mkdir(at);
  await writeFile(join(at, 'truth.json'), JSON.stringify(truth));
  for (const [side, { widthPx, heightPx, rgb }] of Object.entries({ left, right })) {
    const ppm = join(at, `${side}.ppm`);
    await writeFile(ppm, Buffer.concat([Buffer.from(`P6 ${widthPx} ${heightPx} 255\n`), rgb]));
    await runProgram('ffmpeg', ['-v', 'error', '-i', ppm, join(at, `${side}.png`)]);
  }
}

function evaluate(...flags: string[]): Promise<{ exitCode: number; evaluation: Evaluation }> {
  return evaluateFolder(folder, ...flags);
}

async function evaluateFolder(from: string, ...flags: string[]): Promise<{ exitCode: number; evaluation: Evaluation }> {
  const out = join(folder, 'out');
  complained = [];
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => complained.push(String(text)) > 0);
  const exitCode = await runEvaluate([from, '--out', out, ...flags]);
  const text = await readFile(join(out, 'evaluation.json'), 'utf8').catch(() => '{}');
  return { exitCode, evaluation: JSON.parse(text) as Evaluation };
}

describe('npm run evaluate', () => {
  it('measures the default bundle on pairs with known truth, beside OpenCV', { timeout: 240_000 }, async () => {
    const { exitCode, evaluation } = await evaluate('--python', PYTHON);

    const { summary, rows, worst } = evaluation;
    expect(exitCode).toBe(0);
    expect(rows.map(({ name }) => name)).toEqual([
      ...['flat_far', 'flat_far swapped', 'flat_near', 'flat_near swapped', 'lie_near', 'lie_near swapped'],
      'flat_near/left.png + flat_far/right.png',
    ]);
    expect(summary.accepted).toEqual({ hits: 6, of: 6 });
    expect(summary.unrelatedRefused).toEqual({ hits: 1, of: 1 });
    expect(summary.folded.hits).toBe(0);
    expect(summary.scaleKept).toEqual({ hits: 6, of: 6 });
    for (const row of rows.filter(({ name }) => name.startsWith('flat') && !name.includes('+'))) {
      expect(row.errorPx, row.name).toBeLessThan(0.5);
      expect(row.ransac!.errorPx, row.name).toBeLessThan(1);
      expect(row.magsacEcc!.errorPx, row.name).toBeLessThan(1);
      expect(row.ssim, row.name).toBeGreaterThan(0.9);
    }
    // Both turn their back on the lie: a figure that is always good would not.
    expect(summary.truth['lie']!.success).toEqual({ hits: 0, of: 2 });
    expect(summary.truth['lie']!.confidentFailures).toEqual(['lie_near', 'lie_near swapped']);
    expect(worst.slice(0, 2).toSorted()).toEqual(['lie_near', 'lie_near swapped']);
    expect((await stat(join(folder, 'out/worst.png'))).size).toBeGreaterThan(10_000);
    expect(await readFile(join(folder, 'out/table.txt'), 'utf8')).toContain('SIFT, USAC_MAGSAC, ECC: solved 6 of 6');
  });

  it('says what to install when there is no OpenCV', async () => {
    const { exitCode } = await evaluate('--limit', '1', '--python', '/bin/false');

    expect(exitCode).toBe(1);
    expect(complained.join('')).toContain('apt-get install python3-opencv');
  });

  it('explains a wrong command line', async () => {
    const { exitCode } = await evaluate('--limit', 'many');

    expect(exitCode).toBe(2);
    expect(complained.join('')).toContain('--limit takes a whole number');
  });

  it('keeps everything else when a picture is broken, and says which', { timeout: 240_000 }, async () => {
    const broken = await mkdtemp(join(folder, 'broken-'));
    for (const name of ['a', 'b']) await cp(join(folder, 'flat_near'), join(broken, name), { recursive: true });
    await truncate(join(broken, 'a/right.png'), 60);
    await writeFile(
      join(broken, 'no_overlap.csv'),
      'left_from,right_from\na/left.png,a/right.png\nb/left.png,b/right.png\n',
    );

    const { exitCode, evaluation } = await evaluateFolder(broken, '--python', PYTHON);

    const { rows, summary } = evaluation;
    expect(exitCode).toBe(1);
    expect(rows.map(({ name, accepted }) => `${name}: ${accepted}`)).toEqual([
      ...['a: false', 'a swapped: false', 'b: true', 'b swapped: true'],
      // One picture alone cannot be left out of a clip without shifting all later pairs.
      ...['a/left.png + a/right.png: false', 'b/left.png + b/right.png: true'],
    ]);
    expect(summary.failed).toEqual(['a', 'a swapped', 'a/left.png + a/right.png']);
    expect(rows[0]!.failure).toMatch(/right\.png/);
    expect(summary.unrelatedRefused).toEqual({ hits: 0, of: 1 });
    expect(await readFile(join(folder, 'out/table.txt'), 'utf8')).toContain('could not be measured');
  });

  it('leaves nothing behind when there is no such bundle', async () => {
    const temporary = await mkdtemp(join(folder, 'temporary-'));
    vi.stubEnv('TMPDIR', temporary);

    const { exitCode } = await evaluate('--model', 'nope');

    expect(exitCode).toBe(1);
    expect(complained.join('')).toContain('nope');
    expect(await readdir(temporary)).toEqual([]);
  });

  it('says before it begins that nothing can be written to --out', async () => {
    const { exitCode } = await evaluate('--out', join(folder, 'no_overlap.csv'));

    expect(exitCode).toBe(1);
    expect(complained.join('')).toMatch(/--out .*no_overlap\.csv is no folder that can be written to/);
  });
});

describe('the baselines', () => {
  it('name a picture that OpenCV cannot read, and go on with the next pair', async () => {
    const baselines = new Baselines(PYTHON);
    const [left, right] = [join(folder, 'flat_near/left.png'), join(folder, 'flat_near/right.png')];
    try {
      await expect(baselines.find(left, join(folder, 'no_overlap.csv'))).rejects.toMatchObject({
        type: 'file-unreadable',
        message: expect.stringMatching(/OpenCV cannot read .*no_overlap\.csv/) as string,
      });
      expect((await baselines.find(left, right)).ransac.solved).toBe(true);
    } finally {
      await baselines.close();
    }
  });
});
