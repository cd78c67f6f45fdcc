import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCases } from '../../../src/evaluate/cases.ts';

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'seamline-cases-'));
  const files = { park_1: 'jpg', park_2: 'png', yard_1: 'jpg', hall: 'mp4' };
  for (const [name, suffix] of Object.entries(files)) {
    await mkdir(join(root, name));
    for (const side of ['left', 'right']) await writeFile(join(root, name, `${side}.${suffix}`), '');
  }
  await mkdir(join(root, 'empty'));
  await writeFile(join(root, 'park_2/truth.json'), JSON.stringify({ left: [[1, 2]], right: [[3, 4]] }));
  await writeFile(join(root, 'no_overlap.csv'), 'left_from,right_from\r\npark_1/left.jpg,yard_1/right.jpg\r\n');
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('the cases of a folder', () => {
  it('are pairs in both orders, clips in one, and the views listed as strangers', () => {
    const cases = findCases(root, 0, undefined);

    expect(cases.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      ...['park_1', 'park_1 swapped', 'park_2', 'park_2 swapped', 'yard_1', 'yard_1 swapped'].map(
        (name) => `pair ${name}`,
      ),
      'clip hall',
      'unrelated park_1/left.jpg + yard_1/right.jpg',
    ]);
    expect(cases[1]).toMatchObject({ left: join(root, 'park_1/right.jpg'), right: join(root, 'park_1/left.jpg') });
  });

  it('know the truth in both orders', () => {
    const [, , pair, swapped] = findCases(root, 0, undefined);

    expect(pair!.truth).toEqual({ left: Float64Array.of(1, 2), right: Float64Array.of(3, 4) });
    expect(swapped!.truth).toEqual({ left: Float64Array.of(3, 4), right: Float64Array.of(1, 2) });
  });

  it('never put two views of one place together as strangers', () => {
    const drawn = findCases(root, 50, undefined)
      .filter(({ kind }) => kind === 'unrelated')
      .slice(1);

    expect(drawn).toHaveLength(4);
    for (const { name } of drawn) expect(name).toMatch(/park.*yard|yard.*park/);
  });

  it('are an error where there is none', () => {
    expect(() => findCases(join(root, 'empty'), 0, undefined)).toThrow('holds no NAME/left.jpg');
  });
});
