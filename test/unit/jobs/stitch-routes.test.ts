import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JOB_EXAMPLE } from '../../../src/jobs/job-example.ts';
import { A_STITCH, jobReaches, startApi, type TestApi } from '../../helpers/api.ts';

let api: TestApi;

beforeEach(async () => {
  api = await startApi({ jobs: { maxJobs: 3 } });
});

afterEach(async () => {
  await api.close();
});

const stateOf = (id: unknown): string => api.jobs.get(String(id)).supervisor.state.phase;

describe('POST /stitch', () => {
  it("takes the customer's example and answers 201 with the job and its Location", async () => {
    const body = { ...A_STITCH, output_url: 'rtsp://localhost:8554/live' };

    const answer = await api.call('POST', '/stitch', body);

    expect(answer.status).toBe(201);
    expect(answer.headers['location']).toBe(`/stitch/${String(answer.body['id'])}`);
    expect(answer.body).toMatchObject({
      state: 'starting',
      path: 'live',
      outputs: { rtsp: 'rtsp://localhost:8554/live', pushes: [] },
    });
  });

  it('names the outputs after the job when there is no output_url', async () => {
    const { body } = await api.call('POST', '/stitch', A_STITCH);

    expect(body['path']).toBe(body['id']);
  });

  it('shows each address that is pushed to, without its key', async () => {
    const output_urls = ['rtmp://127.0.0.1:9/app/sEcret', 'rtsp://u:sEcret@127.0.0.1:9/b'];

    const { body, text } = await api.call('POST', '/stitch', { ...A_STITCH, output_urls });

    expect(body['outputs']).toMatchObject({
      pushes: [
        { url: 'rtmp://127.0.0.1:9/app/***', reason: '' },
        { url: 'rtsp://u:***@127.0.0.1:9/b', reason: '' },
      ],
    });
    expect(text).not.toContain('sEcret');
  });

  it('answers with the keys of the documented example once the job runs', async () => {
    const { body } = await api.call('POST', '/stitch', A_STITCH);
    await jobReaches(api.jobs, () => stateOf(body['id']) === 'running');

    const shown = await api.call('GET', `/stitch/${String(body['id'])}`);

    const keys = (value: unknown): string[] => Object.keys(value as object).sort();
    expect(keys(shown.body)).toEqual(keys(JOB_EXAMPLE));
    expect(keys(shown.body['outputs'])).toEqual(keys(JOB_EXAMPLE.outputs));
    expect(keys(shown.body['settings'])).toEqual(keys(JOB_EXAMPLE.settings));
    expect(keys(shown.body['figures'])).toEqual(keys(JOB_EXAMPLE.figures));
    expect(keys(shown.body['viewers'])).toEqual(keys(JOB_EXAMPLE.viewers));
  });

  it('refuses an output that another job has with 409 and starts nothing', async () => {
    const output_url = 'rtsp://127.0.0.1:8554/live';
    await api.call('POST', '/stitch', { ...A_STITCH, output_url });

    const answer = await api.call('POST', '/stitch', { ...A_STITCH, output_url: 'rtsp://localhost:8554/live/' });

    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ type: '/problems/output-in-use', errors: [{ field: 'output_url' }] });
    expect(api.jobs.list()).toHaveLength(1);
  });

  it('refuses one job more than configured with 429 and Retry-After', async () => {
    for (let count = 0; count < 3; count += 1) await api.call('POST', '/stitch', A_STITCH);

    const answer = await api.call('POST', '/stitch', A_STITCH);

    expect(answer.status).toBe(429);
    expect(answer.body['type']).toBe('/problems/job-limit-reached');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('starts nothing any more once the server stops', async () => {
    await api.jobs.close();

    const answer = await api.call('POST', '/stitch', A_STITCH);

    expect(answer.status).toBe(503);
    expect(answer.body['type']).toBe('/problems/shutting-down');
  });
});

describe('DELETE /stitch/:id', () => {
  it('answers 204 when the process is gone, and the output is free again', async () => {
    const output_url = 'rtsp://localhost:8554/live';
    const { body } = await api.call('POST', '/stitch', { ...A_STITCH, output_url });
    const { handle } = api.jobs.get(String(body['id'])).supervisor;

    const answer = await api.call('DELETE', `/stitch/${String(body['id'])}`);

    expect(answer.status).toBe(204);
    expect(answer.text).toBe('');
    expect(() => process.kill(handle?.pid ?? 0, 0)).toThrow(/ESRCH/);
    expect((await api.call('POST', '/stitch', { ...A_STITCH, output_url })).status).toBe(201);
  });

  it('answers 404 for a job that never was, and for one that was deleted before', async () => {
    const { body } = await api.call('POST', '/stitch', A_STITCH);
    await api.call('DELETE', `/stitch/${String(body['id'])}`);

    for (const id of ['nope', String(body['id'])]) {
      const answer = await api.call('DELETE', `/stitch/${id}`);
      expect(answer.status).toBe(404);
      expect(answer.body['type']).toBe('/problems/job-not-found');
    }
  });

  it('answers 204 to both of two calls at the same time', async () => {
    const { body } = await api.call('POST', '/stitch', A_STITCH);
    const url = `/stitch/${String(body['id'])}`;

    const answers = await Promise.all([api.call('DELETE', url), api.call('DELETE', url)]);

    expect(answers.map((answer) => answer.status)).toEqual([204, 204]);
  });
});

describe('questions to a running job', () => {
  const running = async (body: object = {}): Promise<string> => {
    const answer = await api.call('POST', '/stitch', { ...A_STITCH, ...body });
    await jobReaches(api.jobs, () => stateOf(answer.body['id']) === 'running');
    return String(answer.body['id']);
  };

  it('give a picture', async () => {
    const id = await running();

    const answer = await api.call('GET', `/stitch/${id}/snapshot.jpg`);

    expect(answer.headers['content-type']).toBe('image/jpeg');
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('give the geometry in a form that PATCH takes again', async () => {
    const id = await running();

    const { body } = await api.call('GET', `/stitch/${id}/geometry`);
    const changed = await api.call('PATCH', `/stitch/${id}`, { geometry: body });

    expect(changed.status).toBe(200);
    expect(changed.body['settings']).toMatchObject({ geometry: 'meshes' });
  });

  it('change it, for its next process too', async () => {
    const id = await running();

    const answer = await api.call('PATCH', `/stitch/${id}`, { bitrate_kbps: 2500, swap: true });

    expect(answer.body['settings']).toMatchObject({ bitrate_kbps: 2500, swap: true });
    expect(api.jobs.get(id).supervisor.spec).toMatchObject({ bitrateKbps: 2500, swap: true });
  });

  it("carry the process's own refusal and change nothing then", async () => {
    const id = await running();

    const answer = await api.call('PATCH', `/stitch/${id}`, { fill: 'crop' });

    expect(answer.status).toBe(422);
    expect(answer.body['type']).toBe('/problems/views-do-not-overlap');
    expect(api.jobs.get(id).supervisor.spec.fill).toBe('black');
  });
});

it('lists jobs, oldest first', async () => {
  const first = await api.call('POST', '/stitch', { ...A_STITCH, name: 'one' });
  await api.call('POST', '/stitch', { ...A_STITCH, name: 'two' });

  const { body } = await api.call('GET', '/stitch');

  const jobs = body['jobs'] as { id: string; name: string }[];
  expect(jobs.map((job) => job.name)).toEqual(['one', 'two']);
  expect(jobs[0]?.id).toBe(first.body['id']);
});
