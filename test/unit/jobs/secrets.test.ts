import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobReaches, startApi, type TestApi } from '../../helpers/api.ts';
import { firstEvents } from '../../helpers/first-events.ts';

const CANARY = 'cAnaRy7';
/** Special characters raw where that can be read, else encoded. */
const URL1 = `rtsp://admin:${CANARY}%40%23%25%3A@127.0.0.1:7001/left/user=a&password=${CANARY}&channel=1?u=a&p=${CANARY}`;
const URL2 = `rtsp://admin:${CANARY}!$&@127.0.0.1:7001/user=a_password=${CANARY}_channel=1/a:${CANARY}?password=${CANARY}`;
const PUSH = `rtmp://user:${CANARY}@example.org/app/key?token=${CANARY}`;

let api: TestApi;
let id: string;

beforeAll(async () => {
  api = await startApi({ http: { maxChangesPerMinute: 1000 }, jobs: { maxJobs: 2 } });
  await api.app.listen(0, '127.0.0.1');
  const { body } = await api.call('POST', '/stitch', { url1: URL1, url2: URL2, output_urls: [PUSH], name: 'logs' });
  id = String(body['id']);
  await jobReaches(api.jobs, () => api.jobs.get(id).supervisor.state.phase === 'running');
});

afterAll(async () => {
  await api.close();
});

describe('a password in an address', () => {
  it.each([
    '/stitch',
    '/stitch/ID',
    '/stitch/ID/geometry',
    '/stitch/nope',
    '/metrics',
    '/health/ready',
    '/docs-json',
    '/problems',
  ])('is not in GET %s', async (url) => {
    const answer = await api.call('GET', url.replace('ID', id));

    expect(answer.text + JSON.stringify(answer.headers)).not.toContain(CANARY);
  });

  it.each(['/stitch/events', '/stitch/ID/events'])('is not in the events of %s', async (path) => {
    const { port } = api.app.getHttpServer().address() as AddressInfo;

    const text = await firstEvents(`http://127.0.0.1:${port}${path.replace('ID', id)}`);

    expect(text).toContain('admin:***@127.0.0.1:7001');
    expect(text).toContain('rtmp://user:***@example.org/app/***');
    expect(text).not.toContain(CANARY);
  });

  it.each([
    ['a second job on the same push', { url1: 'rtsp://10.0.0.1/a', url2: 'rtsp://10.0.0.2/a', output_url: PUSH }],
    ['a path that is none here', { url1: URL1, url2: URL2, output_url: `rtsp://localhost:8554/password=${CANARY}` }],
    ['an unreadable password', { url1: `rtsp://u:${CANARY}@x@10.0.0.1/a`, url2: URL2 }],
    ['another scheme', { url1: `http://u:${CANARY}@10.0.0.1/a`, url2: URL2 }],
    ['the same camera twice', { url1: URL1, url2: URL1 }],
    ['a field that is none', { url1: URL1, url2: URL2, [`rtsp://u:${CANARY}@h/x`]: 1 }],
    ['an own output with a password', { url1: URL1, url2: URL2, output_url: `rtsp://u:${CANARY}@localhost:8554/a` }],
  ])('is not in the refusal of %s', async (_what, body) => {
    const answer = await api.call('POST', '/stitch', body);

    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.text).not.toContain(CANARY);
  });

  it('is not in the address of a request that is repeated', async () => {
    const answer = await api.call('GET', `/nothing/rtsp://u:${CANARY}@h/x;password=${CANARY}?token=${CANARY}`);

    expect(answer.text).not.toContain(CANARY);
  });

  it('is not in the log, also when the job process writes it there itself', async () => {
    process.kill(api.jobs.get(id).supervisor.handle?.pid ?? 0, 'SIGKILL');
    await jobReaches(api.jobs, () => api.jobs.get(id).supervisor.state.restarts > 0);

    expect(api.log()).toContain('camera lost');
    expect(api.log()).toContain('job process ended');
    expect(api.log()).not.toContain(CANARY);
  });
});
