import 'reflect-metadata';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { runSequences } from '../../../src/evaluate/sequences/command.ts';
import type { FrameFigures } from '../../../src/evaluate/sequences/frame-table.ts';
import type { Row } from '../../../src/evaluate/sequences/table.ts';
import { knownPair } from '../../helpers/known-pair.ts';
import { runProgram } from '../../helpers/run-program.ts';

const SIZE = { widthPx: 640, heightPx: 480 };
const FRAMES = 20;
const WAYS = ['offline', 'unsmoothed', 'live, held', 'live, followed'];

let folder: string;
let complained: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seamline-sequences-test-'));
  const pair = knownPair(SIZE, [230, 14], 0.04);
  for (const side of ['left', 'right'] as const) {
    const { widthPx, heightPx, rgb } = pair[side];
    const ppm = join(folder, `${side}.ppm`);
    await writeFile(ppm, Buffer.concat([Buffer.from(`P6 ${widthPx} ${heightPx} 255\n`), rgb]));
    const frames = ['-loop', '1', '-framerate', '25', '-i', ppm, '-frames:v', String(FRAMES), '-pix_fmt', 'yuv420p'];
    await runProgram('ffmpeg', ['-v', 'error', ...frames, join(folder, `still-${side}.mp4`)]);
    await writeFile(join(folder, `broken-${side}.mp4`), 'no video');
    const strange = `testsrc2=size=320x240:rate=25,${side === 'left' ? 'negate' : 'transpose'}`;
    const made = ['-f', 'lavfi', '-i', strange, '-frames:v', '3', '-pix_fmt', 'yuv420p'];
    await runProgram('ffmpeg', ['-v', 'error', ...made, join(folder, `strange-${side}.mp4`)]);
  }
}, 60_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function run(...args: string[]): Promise<number> {
  complained = [];
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => complained.push(String(text)) > 0);
  return runSequences(args);
}

describe('npm run evaluate:sequences', () => {
  it('keeps what it measured of each panorama, and names a clip that is broken', { timeout: 240_000 }, async () => {
    const out = join(folder, 'out');

    const exitCode = await run(folder, '--frames', String(FRAMES), '--every', '5', '--out', out);

    expect(exitCode).toBe(1);
    const { rows, frames } = JSON.parse(await readFile(join(out, 'sequences.json'), 'utf8')) as {
      rows: (Row & { failure?: string })[];
      frames: Record<string, Record<string, FrameFigures[]>>;
    };
    const of = (name: string): typeof rows => rows.filter(({ sequence }) => sequence.endsWith(`-${name}`));
    const still = of('still');
    expect(of('broken').map(({ failure }) => failure)).toEqual([expect.stringMatching(/broken/)]);
    // What was drawn offline is told even where live nothing is ever aligned.
    expect(of('strange').map(({ way, failure }) => failure ?? way)).toEqual([
      ...['offline', 'unsmoothed', 'live, held: nothing was aligned', 'live, followed: nothing was aligned'],
    ]);
    expect(still.map(({ way }) => way)).toEqual(WAYS);
    for (const row of still) expect(row.longestMeshStepPx, row.way).toBeLessThan(0.2);
    const [name] = still.map(({ sequence }) => sequence);
    expect(Object.keys(frames[name!]!)).toEqual(WAYS);
    expect(frames[name!]!['offline']).toHaveLength(FRAMES);
    expect(frames[name!]!['offline']!.flatMap(({ psnrDb }) => psnrDb ?? [])).toHaveLength(FRAMES / 5);
    const [head, ...lines] = (await readFile(join(out, `${name}.csv`), 'utf8')).trim().split('\n');
    expect(head).toMatch(/^way,frame,psnr_db/);
    expect(lines).toHaveLength(WAYS.reduce((sum, way) => sum + frames[name!]![way]!.length, 0));
    expect(await readFile(join(out, 'sequences.txt'), 'utf8')).toContain('failed: ');
  });

  it.each([
    [['--nonsense'], /nonsense/],
    [[], /give a FOLDER/],
    [['.', '--frames', '1.5'], /--frames takes a whole number/],
  ])('explains the command line %j', async (args, said) => {
    expect(await run(...args)).toBe(2);
    expect(complained.join('')).toMatch(said);
  });

  it('leaves nothing behind when there is no such bundle', async () => {
    const temporary = await mkdtemp(join(folder, 'temporary-'));
    vi.stubEnv('TMPDIR', temporary);

    expect(await run(folder, '--model', 'nope')).toBe(1);
    expect(complained.join('')).toContain('nope');
    expect(await readdir(temporary)).toEqual([]);
  });
});
