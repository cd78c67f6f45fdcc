import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigTree } from '../../../src/config/config.values.ts';
import { A_STITCH, startApi, type CallOptions, type TestApi } from '../../helpers/api.ts';

const ADMIN = 'admin-token-0123456789';
const VIEWER = 'viewer-token-0123456789';
const REMOTE = '198.51.100.7';

let api: TestApi | undefined;

afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function statusOf(tree: ConfigTree, options: CallOptions, method = 'POST', url = '/stitch'): Promise<number> {
  api ??= await startApi(tree);
  const body = method === 'POST' ? { ...A_STITCH } : undefined;
  return (await api.call(method, url, body, options)).status;
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

describe('state-changing calls', () => {
  it('are taken from loopback without a token, by IPv4, IPv6 and IPv4 inside IPv6', async () => {
    for (const from of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) {
      expect(await statusOf({ jobs: { maxJobs: 9 } }, { from })).toBe(201);
    }
  });

  it('are refused from elsewhere with 401, which says how to set a token', async () => {
    api = await startApi();

    const answer = await api.call('POST', '/stitch', A_STITCH, { from: REMOTE });

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('Bearer');
    expect(answer.body['detail']).toMatch(/access\.adminTokens .*SEAMLINE_ACCESS_ADMIN_TOKENS.*Bearer TOKEN/);
    expect(api.jobs.list()).toEqual([]);
  });

  it('are taken from everywhere when the server is open', async () => {
    expect(await statusOf({ access: { open: true } }, { from: REMOTE })).toBe(201);
  });

  it('need the admin token from elsewhere; a viewer token is not enough', async () => {
    const tree = { access: { adminTokens: [ADMIN], viewerTokens: [VIEWER] }, jobs: { maxJobs: 9 } };

    expect(await statusOf(tree, { from: REMOTE })).toBe(401);
    expect(await statusOf(tree, { from: REMOTE, headers: bearer('wrong-token-0123456789') })).toBe(401);
    expect(await statusOf(tree, { from: REMOTE, headers: bearer(VIEWER) })).toBe(403);
    expect(await statusOf(tree, { from: REMOTE, headers: bearer(ADMIN) })).toBe(201);
    expect(await statusOf(tree, { headers: bearer('wrong-token-0123456789') })).toBe(401);
  });

  it('never take a token from the query', async () => {
    const tree = { access: { adminTokens: [ADMIN] } };

    expect(await statusOf(tree, { from: REMOTE }, 'POST', `/stitch?token=${ADMIN}`)).toBe(401);
  });

  it.each(['forwarded', 'x-forwarded-for', 'x-real-ip', 'via', 'x-forwarded-host'])(
    'are not loopback when %s says that a proxy sent them',
    async (name) => {
      expect(await statusOf({}, { headers: { [name]: '127.0.0.1' } })).toBe(401);
    },
  );

  it('behind a trusted proxy come from the last address that the proxy did not write', async () => {
    const tree = { http: { trustProxy: ['127.0.0.1', '10.0.0.0/8'] }, jobs: { maxJobs: 9 } };
    const via = (chain: string): CallOptions => ({ headers: { 'x-forwarded-for': chain } });

    expect(await statusOf(tree, via('127.0.0.1'))).toBe(201);
    expect(await statusOf(tree, via(REMOTE))).toBe(401);
    expect(await statusOf(tree, via(`127.0.0.1, ${REMOTE}`))).toBe(401);
    expect(await statusOf(tree, via(`127.0.0.1, ${REMOTE}, 10.1.1.1`))).toBe(401);
    expect(await statusOf(tree, via('nonsense'))).toBe(401);
    expect(await statusOf(tree, { ...via('127.0.0.1'), from: REMOTE })).toBe(401);
  });

  it('of a web page are taken from its own server and allowed origins alone', async () => {
    const tree = { http: { allowedOrigins: ['https://pano.example.org'] }, jobs: { maxJobs: 9 } };
    const of = (origin: string, host = 'localhost:5000'): CallOptions => ({ headers: { origin, host } });

    expect(await statusOf(tree, of('http://localhost:5000'))).toBe(201);
    expect(await statusOf(tree, of('https://pano.example.org'))).toBe(201);
    expect(await statusOf(tree, of('http://evil.example'))).toBe(403);
    expect(await statusOf(tree, of('http://localhost:9000'))).toBe(403);
    expect(await statusOf(tree, of('null'))).toBe(403);
    expect(await statusOf(tree, of('http://evil.example'), 'DELETE', '/stitch/x')).toBe(403);
  });

  it('under a foreign name that resolves to loopback are not loopback', async () => {
    expect(await statusOf({}, { headers: { host: 'evil.example:5000', origin: 'http://evil.example:5000' } })).toBe(
      401,
    );
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''])(
    'with the content type "%s" are refused with 415',
    async (type) => {
      expect(await statusOf({}, { headers: { 'content-type': type } })).toBe(415);
    },
  );

  it('of one address are limited, those of another are not touched', async () => {
    const tree = { http: { maxChangesPerMinute: 2 }, access: { open: true }, jobs: { maxJobs: 9 } };
    for (let count = 0; count < 2; count += 1) await statusOf(tree, { from: REMOTE });

    const answer = await api!.call('POST', '/stitch', A_STITCH, { from: REMOTE });

    expect([answer.status, answer.body['type']]).toEqual([429, '/problems/too-many-requests']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(await statusOf(tree, { from: '198.51.100.8' })).toBe(201);
  });

  it('with wrong tokens are stopped before the right one is found', async () => {
    const tree = { access: { adminTokens: [ADMIN] }, http: { maxRefusalsPerMinute: 3 } };
    const guess = { from: REMOTE, headers: bearer('wrong-token-0123456789') };
    for (let count = 0; count < 3; count += 1) expect(await statusOf(tree, guess, 'DELETE', '/stitch/x')).toBe(401);

    expect(await statusOf(tree, guess, 'DELETE', '/stitch/x')).toBe(429);
    expect(api!.log()).not.toContain('wrong-token-0123456789');
  });
});

describe('reading', () => {
  const read = (tree: ConfigTree, options: CallOptions): Promise<number> => statusOf(tree, options, 'GET', '/stitch');

  it('is open to everybody without viewer tokens', async () => {
    expect(await read({ access: { adminTokens: [ADMIN] } }, { from: REMOTE })).toBe(200);
  });

  it('needs a viewer or admin token when viewer tokens are set, also as the password of Basic', async () => {
    const tree = { access: { adminTokens: [ADMIN], viewerTokens: [VIEWER] } };
    const basic = `Basic ${Buffer.from(`guard:${VIEWER}`).toString('base64')}`;

    expect(await read(tree, { from: REMOTE })).toBe(401);
    expect(await read(tree, { from: REMOTE, headers: bearer(VIEWER) })).toBe(200);
    expect(await read(tree, { from: REMOTE, headers: bearer(ADMIN) })).toBe(200);
    expect(await read(tree, { from: REMOTE, headers: { authorization: basic } })).toBe(200);
    expect(await read(tree, { from: '127.0.0.1' })).toBe(200);
    expect(await statusOf(tree, { from: REMOTE }, 'GET', '/metrics')).toBe(401);
  });

  it('of health needs no token ever', async () => {
    const tree = { access: { viewerTokens: [VIEWER] } };

    expect(await statusOf(tree, { from: REMOTE }, 'GET', '/health/live')).toBe(200);
  });
});

describe('the login of a TURN server', () => {
  const tree = {
    access: { viewerTokens: [VIEWER] },
    webrtc: { iceServers: [{ url: 'turn:turn.example.org', username: 'bob', credential: 'canary-turn-4711' }] },
  };

  it('is told to those who may play, before they make an offer', async () => {
    api = await startApi(tree);

    const answer = await api.call('OPTIONS', '/whep/live', undefined, { from: REMOTE, headers: bearer(VIEWER) });

    expect(answer.status).toBe(204);
    expect(String(answer.headers['link'])).toContain('canary-turn-4711');
  });

  it('is told neither to strangers nor to the preflights of pages, which need no token, and stands in no log', async () => {
    api = await startApi(tree);
    const preflight = { 'access-control-request-method': 'POST', origin: 'https://example.org' };

    const stranger = await api.call('OPTIONS', '/whep/live', undefined, { from: REMOTE });
    const page = await api.call('OPTIONS', '/whep/live', undefined, { from: REMOTE, headers: preflight });
    await api.call('OPTIONS', '/whep/live', undefined, { from: REMOTE, headers: bearer(VIEWER) });

    expect([stranger.status, page.status]).toEqual([401, 204]);
    expect(page.headers['access-control-allow-origin']).toBe('*');
    expect(JSON.stringify([stranger, page])).not.toContain('canary');
    expect(api.log()).not.toContain('canary');
  });
});
