import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeamlineError } from '../../../src/common/seamline-error.ts';
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

  it('come from whom sources.csv names, and else from the place of their name', async () => {
    const sources = join(root, 'sources.csv');
    const of = (): string[] => [
      ...new Set(findCases(root, 0, undefined).map(({ name, source }) => `${name}: ${source}`)),
    ];
    expect(of().slice(1, 3)).toEqual(['park_1 swapped: park', 'park_2: park']);
    try {
      await writeFile(sources, 'pair,split,source_group\npark_1,eval,ann\nyard_1,eval,ann\n');
      expect(of().slice(1, 5)).toEqual(['park_1 swapped: ann', 'park_2: park', 'park_2 swapped: park', 'yard_1: ann']);
      await writeFile(sources, 'name,who\n');
      expect(of).toThrow('sources.csv, line 1');
    } finally {
      await rm(sources);
    }
  });

  it('leave the truth of a moving clip to evaluate:sequences', async () => {
    const truth = join(root, 'hall/truth.json');
    await writeFile(truth, JSON.stringify({ frames: [{ reference_to_target: [1, 0, 0, 0, 1, 0, 0, 0, 1] }] }));
    const clip = findCases(root, 0, undefined).find(({ kind }) => kind === 'clip');

    expect(clip).toBeDefined();
    expect(clip!.truth).toBeUndefined();
  });

  it('are the first pairs alone when they are limited', () => {
    expect(findCases(root, 0, 1).map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'pair park_1',
      'pair park_1 swapped',
      'unrelated park_1/left.jpg + yard_1/right.jpg',
    ]);
  });

  it('are an error where there is none', () => {
    expect(() => findCases(join(root, 'empty'), 0, undefined)).toThrow('holds no NAME/left.jpg');
  });
});

describe('a folder with a mistake in it', () => {
  /** What is said of a folder with one good pair and this file. */
  async function complaintAbout(file: string, content: string): Promise<string> {
    const folder = await mkdtemp(join(root, 'mistake-'));
    await mkdir(join(folder, 'a'));
    for (const side of ['left', 'right']) await writeFile(join(folder, `a/${side}.jpg`), '');
    await writeFile(join(folder, file), content);
    return complaint(folder);
  }

  function complaint(folder: string): string {
    try {
      findCases(folder, 0, undefined);
    } catch (error) {
      expect(error).toBeInstanceOf(SeamlineError);
      return (error as SeamlineError).message;
    }
    throw new Error('it was taken');
  }

  it('is named when it is a file or does not exist', () => {
    for (const name of ['park_1/left.jpg', 'nowhere']) {
      expect(complaint(join(root, name))).toContain(`${join(root, name)} cannot be read as a folder`);
    }
  });

  it('is named with the link that leads to nothing', async () => {
    const folder = await mkdtemp(join(root, 'link-'));
    await symlink(join(root, 'nowhere'), join(folder, 'dangling'));

    expect(complaint(folder)).toContain(`${join(folder, 'dangling')} leads to nothing`);
  });

  it('is named with the file and the place in it when that is no JSON', async () => {
    const said = await complaintAbout('a/truth.json', '{\n "left": [[1, 2]\n');

    expect(said).toMatch(/a\/truth\.json is no JSON: .*line/);
  });

  it.each([
    'null',
    '[]',
    '{"left": [[1, 2]]}',
    '{"left": [[1, "2"]], "right": [[1, 2]]}',
    '{"left": [], "right": [[1, 2]]}',
  ])('is named with a truth.json that reads %s', async (content) => {
    const said = await complaintAbout('a/truth.json', content);

    expect(said).toContain('a/truth.json must read {"left": [[x, y], …]');
  });

  it('is named with the line of no_overlap.csv', async () => {
    const head = 'left_from,right_from\na/left.jpg,a/right.jpg\n';

    expect(await complaintAbout('no_overlap.csv', `${head}a/left.jpg,b/right.jpg\n`)).toMatch(
      /no_overlap\.csv, line 3: /,
    );
    expect(await complaintAbout('no_overlap.csv', `${head}a/left.jpg\n`)).toMatch(/no_overlap\.csv, line 3: /);
  });
});
