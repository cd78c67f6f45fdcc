import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { loggerOver } from '../../../src/logging/logger.ts';
import { jobsOf, StateFile } from '../../../src/jobs/state-file.ts';
import { A_STITCH, startApi } from '../../helpers/api.ts';
import { aJobSpec } from '../../helpers/job-facts.ts';

let folder: string;
let path: string;
let log: string[];

const aStateFile = (at = path): StateFile =>
  new StateFile(
    at,
    loggerOver((_level, message) => log.push(message)),
  );

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamline-state-'));
  path = join(folder, 'var', 'jobs.json');
  log = [];
});

describe('the state file', () => {
  it('gives back what was saved, and only its owner may read it', async () => {
    const file = aStateFile();
    const specs = [aJobSpec(), aJobSpec({ id: '0000000000', path: 'b', pushUrls: ['rtmp://example.org/live/key'] })];

    void file.save(specs);
    await file.close();

    expect(await aStateFile().load()).toEqual(JSON.parse(JSON.stringify(specs)));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'var'))).toEqual(['jobs.json']);
  });

  it('ends with the last of many saves', async () => {
    const file = aStateFile();

    for (let width = 320; width < 360; width += 1) void file.save([aJobSpec({ width })]);
    await file.close();

    expect((await aStateFile().load())[0]?.width).toBe(359);
  });

  it('is whole at every moment while it is written again and again', async () => {
    const file = aStateFile();
    await file.save([aJobSpec()]);
    const progress = { isWriting: true };
    const writing = (async () => {
      for (let round = 0; round < 30; round += 1) {
        await file.save([aJobSpec({ name: 'x'.repeat(100_000 * (round % 2)) })]);
      }
      progress.isWriting = false;
    })();

    let looks = 0;
    while (progress.isWriting) {
      expect(jobsOf(readFileSync(path, 'utf8'))).toHaveLength(1);
      looks += 1;
      await new Promise(setImmediate);
    }
    await writing;

    expect(looks).toBeGreaterThan(5);
  });

  it('starts empty when there is none', async () => {
    expect(await aStateFile().load()).toEqual([]);
    expect(log).toEqual([]);
  });

  it.each([
    ['cut off', '{"version":1,"jobs":[{"id"'],
    ['of another version', '{"version":2,"jobs":[]}'],
    [
      'a job with a forbidden address',
      JSON.stringify({ version: 1, jobs: [aJobSpec({ url1: 'file:///etc/passwd' })] }),
    ],
    ['a job with a foreign id', JSON.stringify({ version: 1, jobs: [aJobSpec({ id: '../../x' })] })],
    ['a list', '[]'],
  ])('that is %s is put aside with an error, and the server goes on', async (_what, text) => {
    const at = join(folder, 'jobs.json');
    writeFileSync(at, text);

    expect(await aStateFile(at).load()).toEqual([]);

    expect(readdirSync(folder)).toEqual(['jobs.json.corrupt']);
    expect(log).toEqual(['state file is corrupt and was put aside']);
  });

  it('that cannot be written costs a warning and nothing else', async () => {
    writeFileSync(join(folder, 'var'), 'a file where the folder should be');
    const file = aStateFile();

    void file.save([aJobSpec()]);
    await file.close();

    expect(log).toEqual(['state file cannot be written']);
  });
});

describe('jobs with restart: always', () => {
  it('come back under their ids and outputs after the server has gone, others do not', async () => {
    const first = await startApi({ jobs: { stateFile: path } });
    const kept = await first.call('POST', '/stitch', {
      ...A_STITCH,
      output_url: 'rtsp://localhost:8554/kept',
      restart: 'always',
    });
    await first.call('POST', '/stitch', { ...A_STITCH, name: 'not kept' });
    await first.call('PATCH', `/stitch/${String(kept.body['id'])}`, { bitrate_kbps: 2000 });
    await first.close();

    const second = await startApi({ jobs: { stateFile: path } });
    second.jobs.resume(await second.jobs.kept());
    const { body } = await second.call('GET', '/stitch');
    await second.close();

    expect(body['jobs']).toEqual([expect.objectContaining({ id: kept.body['id'], path: 'kept' })]);
    expect(JSON.stringify(body)).toContain('"bitrate_kbps":2000');
  });

  it('are on disk before the answer says that they exist', async () => {
    const api = await startApi({ jobs: { stateFile: path } });
    const { body } = await api.call('POST', '/stitch', { ...A_STITCH, restart: 'always' });

    const onDisk = jobsOf(readFileSync(path, 'utf8'));
    await api.close();

    expect(onDisk?.map((spec) => spec.id)).toEqual([body['id']]);
  });

  it('do not come back once they were deleted', async () => {
    const first = await startApi({ jobs: { stateFile: path } });
    const { body } = await first.call('POST', '/stitch', { ...A_STITCH, restart: 'always' });
    await first.call('DELETE', `/stitch/${String(body['id'])}`);
    await first.close();

    expect(await aStateFile().load()).toEqual([]);
  });
});
