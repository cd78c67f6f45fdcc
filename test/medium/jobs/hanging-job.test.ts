import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { eventually } from '../../helpers/seamline-server.ts';

const PROGRAM = fileURLToPath(new URL('../../fixtures/bin/owns-a-hanging-job.mjs', import.meta.url));

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

it('a job process that hangs ends with its server, also by kill −9', async () => {
  const server = spawn(process.execPath, [PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(server.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  expect(commandLine(pid)).toContain('hanging-pipeline.mjs');

  server.kill('SIGKILL');

  try {
    await eventually('the end of the job process', 20_000, async () => (commandLine(pid) === '' ? true : undefined));
  } finally {
    if (commandLine(pid).includes('hanging-pipeline.mjs')) process.kill(pid, 'SIGKILL');
  }
});
