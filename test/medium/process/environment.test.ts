import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { spawnChild } from '../../../src/process/child.ts';
import { findFfmpeg } from '../../../src/process/ffmpeg.ts';
import { startProgram } from '../../../src/process/start-program.ts';

const TOKEN = 'cAnaRy7-0123456789';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamline-'));
  vi.stubEnv('SEAMLINE_ACCESS_ADMIN_TOKENS', TOKEN);
  vi.stubEnv('SEAMLINE_RTSP_USERS', `[{name: guard, password: ${TOKEN}}]`);
  vi.stubEnv('LEFT_ALONE', 'yes');
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: string[] = [];
  for await (const chunk of stream) chunks.push(String(chunk));
  return chunks.join('');
}

describe('another program', () => {
  it.each([
    ['spawnChild', () => textOf(spawnChild({ command: 'env', args: [] }).stdout)],
    ['startProgram', () => textOf(startProgram('env', [], { stdio: ['ignore', 'pipe', 'ignore'] }).child!.stdout!)],
  ])('does not get the configuration by %s, and all the rest', async (_name, environmentOf) => {
    const environment = await environmentOf();

    expect(environment).not.toContain('SEAMLINE_');
    expect(environment).not.toContain(TOKEN);
    expect(environment).toContain('LEFT_ALONE=yes');
    expect(environment).toContain('PATH=');
  });

  it('does not get it either when it is ffmpeg that is asked for its version', async () => {
    const ffmpeg = join(folder, 'ffmpeg');
    writeFileSync(ffmpeg, '#!/bin/sh\nenv >> "$0.seen"\nexec ffmpeg "$@"\n');
    chmodSync(ffmpeg, 0o700);

    await findFfmpeg(ffmpeg);

    const seen = readFileSync(`${ffmpeg}.seen`, 'utf8');
    expect(seen).toContain('LEFT_ALONE=yes');
    expect(seen).not.toContain(TOKEN);
  });

  it('gets exactly the environment that is given to it', async () => {
    const child = spawnChild({ command: '/usr/bin/env', args: [], env: { SEAMLINE_HTTP_PORT: '1' } });

    expect(await textOf(child.stdout)).toBe('SEAMLINE_HTTP_PORT=1\n');
  });
});
