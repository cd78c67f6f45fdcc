import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
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

async function evaluate(...flags: string[]): Promise<{ exitCode: number; evaluation: Evaluation }> {
  const out = join(folder, 'out');
  complained = [];
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => complained.push(String(text)) > 0);
  const exitCode = await runEvaluate([folder, '--out', out, ...flags]);
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
});
