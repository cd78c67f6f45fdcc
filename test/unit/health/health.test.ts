import { afterEach, describe, expect, it } from 'vitest';
import { metricsOf } from '../../../src/health/metrics.ts';
import { prometheusText } from '../../../src/health/prometheus.ts';
import { Readiness } from '../../../src/health/readiness.ts';
import { INITIAL_STATE } from '../../../src/jobs/job-state.ts';
import { A_STITCH, jobReaches, startApi, type TestApi } from '../../helpers/api.ts';
import { aCameraStatus, aJobSpec, aPipelineStatus } from '../../helpers/job-facts.ts';

let api: TestApi | undefined;

afterEach(async () => {
  await api?.close();
  api = undefined;
});

const OWN = {
  ...{ version: '1.2.3', nodeVersion: '24.0.0', startedSeconds: 1, cpuSeconds: 2, memoryBytes: 3, maxJobs: 4 },
  ...{ lostLogLines: 0, isStateFileCurrent: true },
};
const LINE = /^[a-z_]+(\{[a-z_]+="([^"\\\n]|\\["\\n])*"(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})? -?[0-9.e+-]+$/;

describe('metrics', () => {
  it('of a running job are valid, prefixed and in base units', async () => {
    api = await startApi();
    const { body } = await api.call('POST', '/stitch', A_STITCH);
    const id = String(body['id']);
    await jobReaches(api.jobs, () => api?.jobs.get(id).supervisor.state.phase === 'running');

    const answer = await api.call('GET', '/metrics');

    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const lines = answer.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    for (const line of lines) expect(line).toMatch(LINE);
    expect(lines.every((line) => line.startsWith('seamline_'))).toBe(true);
    expect(lines).toContain('seamline_jobs{state="running"} 1');
    expect(lines).toContain(`seamline_job_delay_seconds{job="${id}",stage="total",quantile="0.5"} 0.01`);
    expect(lines).toContain(`seamline_camera_up{job="${id}",camera="1"} 1`);
    expect(lines).toContain(`seamline_job_memory_bytes{job="${id}"} ${120 * 1024 * 1024}`);
  });

  it('of a job are gone with it', async () => {
    api = await startApi();
    const { body } = await api.call('POST', '/stitch', A_STITCH);
    const id = String(body['id']);
    await jobReaches(api.jobs, () => api?.jobs.get(id).supervisor.state.phase === 'running');
    expect((await api.call('GET', '/metrics')).text).toContain(id);

    await api.call('DELETE', `/stitch/${id}`);

    const { text } = await api.call('GET', '/metrics');
    expect(text).not.toContain(id);
    expect(text).toContain('seamline_jobs{state="running"} 0\n');
  });

  it('show a lost camera', () => {
    const status = aPipelineStatus({ cameras: [aCameraStatus(), aCameraStatus({ phase: 'stalled' })] });
    const facts = { spec: aJobSpec(), state: INITIAL_STATE, status, createdMs: 0, pushes: [], viewers: {} };

    const text = prometheusText(metricsOf([facts], OWN));

    expect(text).toContain('camera="0"} 1\n');
    expect(text).toContain('camera="1"} 0\n');
  });

  it('show what a job gives up on a machine that cannot keep up', () => {
    const status = aPipelineStatus({ load: { level: 3, reason: 'the machine cannot keep up' } });
    const facts = { spec: aJobSpec(), state: INITIAL_STATE, status, createdMs: 0, pushes: [], viewers: {} };

    const text = prometheusText(metricsOf([facts], OWN));

    expect(text).toContain(`seamline_job_load_level{job="${facts.spec.id}"} 3\n`);
  });

  it('escape what a job process says, and bound how much of it they show', () => {
    const dropped = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`re"as\\on\n${index}`, index]));
    const status = aPipelineStatus({ dropped, fps: Number.NaN });
    const facts = { spec: aJobSpec(), state: INITIAL_STATE, status, createdMs: 0, pushes: [], viewers: { rtsp: 2 } };

    const text = prometheusText(metricsOf([facts], OWN));

    const lines = text.split('\n').filter((line) => line.startsWith('seamline_job_dropped_frames_total'));
    expect(lines.length).toBeLessThanOrEqual(20);
    for (const line of lines) expect(line).toMatch(LINE);
    expect(text).not.toContain('NaN');
  });
});

describe('health', () => {
  it('is live as soon as the process answers', async () => {
    api = await startApi();

    expect((await api.call('GET', '/health/live')).body).toMatchObject({ status: 'live' });
  });

  it('is not ready before the ports are open, and names what is missing', async () => {
    api = await startApi({ inference: { modelDir: '/nowhere' }, ffmpeg: { path: '/no/ffmpeg' } });

    const answer = await api.call('GET', '/health/ready');

    expect(answer.status).toBe(503);
    const checks = answer.body['checks'] as { name: string; ready: boolean; detail: string }[];
    expect(checks.map(({ name, ready }) => [name, ready])).toEqual([
      ['ffmpeg', false],
      ['model', false],
      ['ports', false],
      ['disk', true],
    ]);
    expect(JSON.stringify(checks)).not.toContain('/nowhere');
  });

  it('is ready once everything is there, and no more when the server begins to stop', async () => {
    api = await startApi();
    const readiness = api.app.get(Readiness);
    readiness.markListening();
    expect(await api.call('GET', '/health/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });

    readiness.markStopping();

    const answer = await api.call('GET', '/health/ready');
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('the server is stopping');
    expect((await api.call('GET', '/health/live')).status).toBe(200);
  });

  it('has its ports once they are open', async () => {
    api = await startApi();
    api.app.get(Readiness).markListening();

    const checks = (await api.call('GET', '/health/ready')).body['checks'] as { name: string; ready: boolean }[];

    expect(checks.find(({ name }) => name === 'ports')?.ready).toBe(true);
  });

  it('warns of what cannot be written, and stays ready: no job needs the disk', async () => {
    // Nobody can make a folder of it.
    const loss = { lostLines: 7, isLosing: true };
    api = await startApi({ jobs: { stateFile: '/dev/null/jobs.json' } }, undefined, loss);
    api.app.get(Readiness).markListening();
    expect((await api.call('GET', '/metrics')).text).toContain('seamline_state_file_current 1\n');

    expect((await api.call('POST', '/stitch', { ...A_STITCH, restart: 'always' })).status).toBe(201);

    const answer = await api.call('GET', '/health/ready');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'ready' });
    const [warning] = answer.body['warnings'] as string[];
    expect(warning).toContain('the state file cannot be written');
    expect(warning).toContain('7 lines of the log could not be written');
    expect(warning).not.toContain('/dev');
    const { text } = await api.call('GET', '/metrics');
    expect(text).toContain('seamline_state_file_current 0\n');
    expect(text).toContain('seamline_log_lines_lost_total 7\n');
  });

  it('warns of nothing while all is well, and has no state file to tell of without one', async () => {
    api = await startApi();

    expect((await api.call('GET', '/health/ready')).body['warnings']).toEqual([]);
    const { text } = await api.call('GET', '/metrics');
    expect(text).not.toContain('state_file');
    expect(text).toContain('seamline_log_lines_lost_total 0\n');
  });
});
