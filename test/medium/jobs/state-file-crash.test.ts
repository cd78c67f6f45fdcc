import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StateFile } from '../../../src/jobs/state-file.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { aJobSpec } from '../../helpers/job-facts.ts';
import { ROOT } from '../../helpers/seamline-server.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamline-crash-'));
  path = join(folder, 'jobs.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes the file over and over, a long one and a short one in turn, and says so after the first. */
const WRITER = `
  import { StateFile } from ${JSON.stringify(join(ROOT, 'dist/jobs/state-file.js'))};
  const quiet = () => undefined;
  const file = new StateFile(process.argv[1], { warn: quiet, info: quiet, error: quiet });
  const spec = JSON.parse(process.argv[2]);
  for (let round = 0; ; round += 1) {
    await file.save([{ ...spec, name: 'x'.repeat(round % 2 === 0 ? 10 : 2_000_000) }]);
    if (round === 1) console.log('writing');
  }`;

it('is the old or the new one whenever the process that writes it is killed', async () => {
  let halves = 0;
  // How long a write takes nobody knows, so it goes on until one was cut in the middle.
  for (let round = 0; round < 25 || (halves === 0 && round < 200); round += 1) {
    const args = ['--input-type=module', '-e', WRITER, path, JSON.stringify(aJobSpec())];
    const writer = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(writer.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, 3 * round));
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    if (existsSync(`${path}.new`)) halves += 1;

    const jobs = await new StateFile(path, silentLogger).load();
    expect(jobs.map(({ id }) => id)).toEqual([aJobSpec().id]);
    expect([10, 2_000_000]).toContain(jobs[0]?.name?.length);
  }

  // It was killed in the middle, and what it left does not disturb the next one.
  expect(halves).toBeGreaterThan(0);
  const file = new StateFile(path, silentLogger);
  await file.save([]);
  expect(await file.load()).toEqual([]);
  expect(existsSync(`${path}.corrupt`)).toBe(false);
});
