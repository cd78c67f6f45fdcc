import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { loggerOver } from '../../../src/logging/logger.ts';
import { keptJobs } from '../../../src/jobs/kept-jobs.ts';
import { StateFile } from '../../../src/jobs/state-file.ts';
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
      expect(keptJobs(readFileSync(path, 'utf8'))?.jobs).toHaveLength(1);
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
    ['a list', '[]'],
  ])('that is %s is put aside with an error, and the server goes on', async (_what, text) => {
    const at = join(folder, 'jobs.json');
    writeFileSync(at, text);

    expect(await aStateFile(at).load()).toEqual([]);

    expect(readdirSync(folder)).toEqual(['jobs.json.corrupt']);
    expect(readFileSync(`${at}.corrupt`, 'utf8')).toBe(text);
    expect(log).toEqual(['state file is corrupt and was put aside']);
  });

  it('that is corrupt again does not take the place of the one before', async () => {
    const at = join(folder, 'jobs.json');
    for (const text of ['first', 'second', 'third']) {
      writeFileSync(at, text);
      await aStateFile(at).load();
    }

    const names = ['jobs.json.corrupt', 'jobs.json.corrupt-2', 'jobs.json.corrupt-3'];
    expect(readdirSync(folder)).toEqual(names);
    expect(names.map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual(['first', 'second', 'third']);
  });

  it.each([
    ['a forbidden address', aJobSpec({ url1: 'file:///etc/passwd' })],
    ['a foreign id', aJobSpec({ id: '../../x' })],
    ['the id of another', aJobSpec({ path: 'other' })],
    ['no fields', null],
  ])('loses no job beside an entry with %s, which is put aside once', async (_what, entry) => {
    const at = join(folder, 'jobs.json');
    const good = [aJobSpec(), aJobSpec({ id: '0000000000', path: 'b' })];
    writeFileSync(at, JSON.stringify({ version: 1, jobs: [good[0], entry, good[1]] }));

    expect(await aStateFile(at).load()).toEqual(JSON.parse(JSON.stringify(good)));
    expect(await aStateFile(at).load()).toEqual(JSON.parse(JSON.stringify(good)));

    expect(readdirSync(folder)).toEqual(['jobs.json', 'jobs.json.corrupt']);
    expect(statSync(`${at}.corrupt`).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(`${at}.corrupt`, 'utf8'))).toEqual({
      version: 1,
      jobs: [JSON.parse(JSON.stringify(entry))],
    });
    expect(log).toEqual(['state file has entries that are no jobs; they were put aside']);
  });

  it('that cannot be read stops the start with words that say what to do', async () => {
    const at = join(folder, 'jobs.json');
    mkdirSync(at);

    await expect(aStateFile(at).load()).rejects.toMatchObject({
      type: 'file-unreadable',
      message: `the state file ${at} cannot be read (EISDIR); repair it, move it away, or set jobs.stateFile`,
    });
  });

  it('that is corrupt and cannot be put aside stops the start and stays as it is', async () => {
    // With its ending the name is longer than names may be.
    const at = join(folder, `${'j'.repeat(244)}.json`);
    writeFileSync(at, 'not ours');

    await expect(aStateFile(at).load()).rejects.toMatchObject({
      type: 'file-unreadable',
      message: expect.stringContaining('is corrupt and cannot be put aside (ENAMETOOLONG)') as string,
    });
    expect(readFileSync(at, 'utf8')).toBe('not ours');
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

    const onDisk = keptJobs(readFileSync(path, 'utf8'))?.jobs;
    await api.close();

    expect(onDisk?.map((spec) => spec.id)).toEqual([body['id']]);
  });

  it('that cannot be started again stay kept until they are deleted', async () => {
    const specs = ['1111111111', '2222222222', '3333333333'].map((id) => aJobSpec({ id, path: id, restart: 'always' }));
    mkdirSync(join(folder, 'var'));
    writeFileSync(path, JSON.stringify({ version: 1, jobs: specs }));
    const onDisk = (): unknown => keptJobs(readFileSync(path, 'utf8'))?.jobs.map(({ id }) => id);
    const api = await startApi({ jobs: { stateFile: path, maxJobs: 1 } });
    api.jobs.resume(await api.jobs.kept());

    expect(api.jobs.list().map(({ id }) => id)).toEqual(['1111111111']);
    expect(api.log()).toContain('job cannot be started again and stays kept');
    expect((await api.call('PATCH', '/stitch/1111111111', { bitrate_kbps: 2000 })).status).toBe(200);
    expect(onDisk()).toEqual(['1111111111', '2222222222', '3333333333']);

    expect((await api.call('DELETE', '/stitch/3333333333')).status).toBe(204);
    expect((await api.call('DELETE', '/stitch/1111111111')).status).toBe(204);
    expect(onDisk()).toEqual(['2222222222']);
    expect((await api.call('DELETE', '/stitch/3333333333')).status).toBe(404);
    await api.close();
    expect(onDisk()).toEqual(['2222222222']);
  });

  it('do not come back once they were deleted', async () => {
    const first = await startApi({ jobs: { stateFile: path } });
    const { body } = await first.call('POST', '/stitch', { ...A_STITCH, restart: 'always' });
    await first.call('DELETE', `/stitch/${String(body['id'])}`);
    await first.close();

    expect(await aStateFile().load()).toEqual([]);
  });
});
