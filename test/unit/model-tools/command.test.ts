import { afterEach, describe, expect, it, vi } from 'vitest';
import { runModels } from '../../../src/model-tools/command.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function heard(): string[] {
  const texts: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => texts.push(String(text)) > 0);
  }
  return texts;
}

describe('seamline models', () => {
  it.each([
    [[], /models import FOLDER/],
    [['burn'], /no command models burn/],
    [['import'], /takes FOLDER/],
    [['list', 'x'], /takes nothing else/],
    [['list', '--fp16'], /does not take --fp16/],
    [['show', 'a', '--colour'], /--colour/],
  ])('answers %j with how it is used and exit code 2', async (argv, message) => {
    const texts = heard();

    expect(await runModels(argv)).toBe(2);

    expect(texts.join('')).toMatch(message);
    expect(texts.join('')).toMatch(/models check NAME/);
  });

  it.each([
    [['import', '.', '--name', 'lite'], /name of a folder of the project/],
    [['import', '.', '--name', '../x'], /lower-case/],
    [['import', '.'], /--name NAME/],
    [['check', '../../etc'], /no name of a bundle/],
    [['show', 'nothing-here'], /no readable manifest/],
    [
      ['import', 'no-such-folder', '--name', 'mine'],
      /spatial_warp\.pth cannot be read\n[^]*temporal_warp\.pth[^]*smooth_warp\.pth/,
    ],
  ])('answers %j with the reason and exit code 1', async (argv, message) => {
    const texts = heard();

    expect(await runModels([...argv, '--model-dir', 'no-models'])).toBe(1);

    expect(texts.join('')).toMatch(message);
  });
});
