import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from '../../helpers/api.ts';

const STRANGER = { from: '198.51.100.7' };
/** Open to everybody by design: health, and what the pages and the problem types are. */
const PUBLIC = /^\/(health\/|problems|docs|view\/|assets\/|$)/;
/** Routes that stand in no OpenAPI document. */
const OTHERS = ['GET /live/gate.flv', 'POST /whep/gate', 'PATCH /whep/gate/x', 'DELETE /whep/gate/x'];

let api: TestApi;
let routes: (readonly [string, string])[];

beforeAll(async () => {
  const token = '0123456789abcdefghij';
  api = await startApi({ access: { adminTokens: [token], viewerTokens: [`${token}-viewer`] } });
  const { paths } = (await api.call('GET', '/docs-json')).body as { paths: Record<string, Record<string, object>> };
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, 'gate')}`),
  );
  routes = [...new Set([...documented, ...OTHERS])].map((route) => route.split(' ') as unknown as [string, string]);
});

afterAll(async () => {
  await api.close();
});

const changing = (): (readonly [string, string])[] =>
  routes.filter(([method, path]) => method !== 'GET' && !path.startsWith('/whep'));

describe('every route of the server', () => {
  it('is found', () => {
    expect(changing().map((route) => route.join(' '))).toEqual(
      expect.arrayContaining(['POST /stitch', 'PATCH /stitch/gate', 'DELETE /stitch/gate', 'POST /probe']),
    );
    expect(routes.length).toBeGreaterThan(12);
  });

  it('answers strangers with 401 when tokens are set, but for what is public', async () => {
    const guarded = routes.filter(([method, path]) => {
      // The address of a WHEP session cannot be guessed; it is its own token.
      const isSession = path.startsWith('/whep/') && ['PATCH', 'DELETE'].includes(method);
      return !PUBLIC.test(path) && !isSession;
    });

    const seen = await Promise.all(
      guarded.map(async ([method, path]) => {
        const headers = { 'content-type': path.startsWith('/whep') ? 'application/sdp' : 'application/json' };
        const body = method === 'GET' ? undefined : '{}';
        return [`${method} ${path}`, (await api.call(method, path, body, { ...STRANGER, headers })).status] as const;
      }),
    );

    expect(seen.filter(([, status]) => status !== 401)).toEqual([]);
  });

  it('that changes something takes no other content type than JSON, from loopback either', async () => {
    for (const [method, path] of changing()) {
      const answer = await api.call(method, path, '{}', { headers: { 'content-type': 'text/plain' } });
      expect([method, path, answer.status]).toEqual([method, path, 415]);
    }
  });

  it('that changes something takes nothing from pages of other origins', async () => {
    for (const [method, path] of changing()) {
      const answer = await api.call(method, path, {}, { headers: { origin: 'https://evil.example' } });
      expect([method, path, answer.status]).toEqual([method, path, 403]);
    }
  });
});
