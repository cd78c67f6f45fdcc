import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { A_STITCH, startApi, type TestApi } from '../../helpers/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ http: { maxChangesPerMinute: 10_000 } });
});

afterAll(async () => {
  await api.close();
});

const fieldsOf = (body: Record<string, unknown>): string[] =>
  ((body['errors'] ?? []) as { field: string }[]).map((error) => error.field);

describe('every route that takes a body', () => {
  it.each([
    ['POST', '/stitch', { url1: A_STITCH.url1 }, 'url2'],
    ['POST', '/stitch', {}, 'url1'],
    ['PATCH', '/stitch/x', { bitrate_kbps: 'much' }, 'bitrate_kbps'],
    ['POST', '/probe', { url: 'http://127.0.0.1/' }, 'url'],
  ])('%s %s names the field at fault with 422', async (method, url, body, field) => {
    const answer = await api.call(method, url, body);

    expect(answer.status).toBe(422);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(fieldsOf(answer.body)).toContain(field);
  });

  it.each(['POST /stitch', 'PATCH /stitch/x', 'POST /probe'])('%s refuses what is no JSON object', async (route) => {
    const [method = '', url = ''] = route.split(' ');

    const unreadable = await Promise.all(['', '{"url1":', '{a}'].map((text) => api.call(method, url, text)));
    const others = await Promise.all(['[]', '"text"', '7', 'null', 'true'].map((text) => api.call(method, url, text)));

    for (const { status, body } of unreadable)
      expect([status, body['type']]).toEqual([400, '/problems/unreadable-body']);
    for (const { status } of others) expect(status).toBe(422);
  });
});

/** Control points of one cell; the same with its right side left of the left one; a homography with a corner behind the horizon. */
const SQUARE = [0, 90].map((y) => [0, 90].map((x) => [x, y]));
const FOLDED = SQUARE.map((row) => row.toReversed());
const TURNED_AWAY = [1, 0, 0, 0, 1, 0, 0.01, 0, 1];

describe('POST /stitch', () => {
  it.each([
    ['url1', null],
    ['url1', 7],
    ['url1', ''],
    ['url1', ['rtsp://a/b']],
    ['url1', 'file:///etc/passwd'],
    ['url1', 'concat:rtsp://a/b|rtsp://a/c'],
    ['url1', 'data:text/plain,x'],
    ['url1', 'exec:rm -rf /'],
    ['url1', 'http://127.0.0.1/x'],
    ['url1', 'pipe:0'],
    ['url1', 'tee:a|b'],
    ['url1', 'subfile,,start,0,end,9,,:rtsp://a/b'],
    ['url1', 'rtsp+unix://a/b'],
    ['url1', 'RTSP://127.0.0.1/a'],
    ['url1', ' rtsp://127.0.0.1/a'],
    ['url1', 'rtsp://127.0.0.1/a\n'],
    ['url1', 'rtsp://127.0.0.1/a\u0000b'],
    ['url1', '-i rtsp://127.0.0.1/a'],
    ['url1', `rtsp://127.0.0.1/${'a'.repeat(10_000)}`],
    ['url1', 'rtsp://'],
    ['url1', 'rtsp://u:p@ss@127.0.0.1/a'],
    ['url1', 'rtsp://u:p#ss@127.0.0.1/a'],
    ['url1', 'rtsp://127.0.0.1:0/a'],
    ['url1', 'rtsp://127.0.0.1:99999/a'],
    ['url1', 'rtsp://169.254.169.254/latest'],
    ['url1', 'rtsp://0.0.0.0/a'],
    ['url1', 'rtsp://[::ffff:127.0.0.1]/a'],
    ['url1', 'rtsp://[fe80::1]/a'],
    ['url1', 'rtsp://224.0.0.1/a'],
    ['url1', 'rtsp://localhost:8554/live'],
    ['url1', 'rtsp://127.0.0.1:5000/live'],
    ['url2', A_STITCH.url1],
    ['output_url', null],
    ['output_url', ''],
    ['output_url', 'http://example.org/x'],
    ['output_url', 'srt://example.org:9000'],
    ['output_url', 'rtsp://localhost:8554/'],
    ['output_url', 'rtsp://localhost:8554/../etc'],
    ['output_url', 'rtsp://localhost:8554/a/%2e%2e/b'],
    ['output_url', 'rtsp://localhost:8554/live?x=1'],
    ['output_url', 'rtsp://u:p@localhost:8554/live'],
    ['output_url', 'rtmp://169.254.1.1/app/key'],
    ['output_url', 'rtmp://127.0.0.1:5000/app'],
    ['output_url', A_STITCH.url1],
    ['output_urls', 'rtmp://example.org/live'],
    ['output_urls', ['rtmp://example.org/live', 3]],
    ['output_urls[1]', ['rtmp://example.org/live', 'rtmp://example.org:1935/live/']],
    ['name', 'two\nlines'],
    ['name', ''],
    ['model', '../../etc'],
    ['width', 1],
    ['width', '1280'],
    ['width', 1280.5],
    ['fps', 0],
    ['fps', 1e9],
    ['bitrate_kbps', -1],
    ['encoder', 'libx264 -i /etc/passwd'],
    ['encoder', 'libx265'],
    ['sync_offset_ms', 'NaN'],
    ['transport', 'http'],
    ['ingest', 'none'],
    ['fill', 'red'],
    ['output_width', 10],
    ['output_height', 1e6],
    ['geometry', null],
    ['geometry', { kind: 'magic' }],
    ['geometry', { kind: 'homography', homography: [1, 0, 0, 0, 1, 0, 0, 0], view_width: 640, view_height: 360 }],
    ['geometry', { kind: 'homography', homography: Array(9).fill(0), view_width: 640, view_height: 360 }],
    ['geometry', { kind: 'meshes', width: 100, height: 100, reference: [[[0, 0]]], target: [[[0, 0]]] }],
    ['geometry', { kind: 'homography', homography: TURNED_AWAY, view_width: 640, view_height: 360 }],
    ['geometry', { kind: 'meshes', width: 100, height: 100, reference: SQUARE, target: SQUARE.toReversed() }],
    ['geometry', { kind: 'report', width: 100, height: 100, frame: { reference: FOLDED, target: SQUARE } }],
    ['restart', 'sometimes'],
    ['colour', 'red'],
    ['constructor', {}],
  ])('refuses %s = %j, names it and starts nothing', async (field, value) => {
    const name = field.replace(/\[.*$/, '');
    const answer = await api.call('POST', '/stitch', { ...A_STITCH, [name]: value });

    expect(answer.status).toBe(422);
    expect(fieldsOf(answer.body)).toContain(field);
    expect(api.jobs.list()).toEqual([]);
  });

  it('refuses a body with __proto__, one that is too long and one that is nested too deeply', async () => {
    const poisoned = await api.call('POST', '/stitch', `{"__proto__":{"x":1},"url1":"rtsp://a/b"}`);
    const long = await api.call('POST', '/stitch', { ...A_STITCH, name: 'x'.repeat(2_000_000) });
    const deep = await api.call('POST', '/stitch', `{"geometry":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);

    expect(poisoned.status).toBe(400);
    expect([long.status, long.body['type']]).toEqual([413, '/problems/body-too-large']);
    expect([deep.status, deep.body['type']]).toEqual([422, '/problems/invalid-request']);
  });

  it('says in plain words how to write a password with special characters', async () => {
    const { body } = await api.call('POST', '/stitch', { ...A_STITCH, url1: 'rtsp://admin:can@ry@127.0.0.1/a' });

    expect(JSON.stringify(body['errors'])).toContain('write @ as %40');
    expect(JSON.stringify(body)).not.toContain('can@ry');
  });
});

describe('answers to what no route takes', () => {
  it.each([
    ['GET', '/nothing', 404, '/problems/not-found'],
    ['PUT', '/stitch', 404, '/problems/not-found'],
    ['GET', '/stitch/..%2f..%2fetc', 404, '/problems/job-not-found'],
    ['GET', '/%zz', 400, '/problems/unreadable-body'],
    ['GET', `/stitch/${'x'.repeat(2000)}`, 414, '/problems/body-too-large'],
  ])('%s %s is a problem too', async (method, url, status, type) => {
    const answer = await api.call(method, url);

    expect([answer.status, answer.body['type']]).toEqual([status, type]);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it('have the id of the request in body and header, and no query in instance', async () => {
    const answer = await api.call('GET', '/nothing?token=canary');

    expect(answer.body['requestId']).toBe(answer.headers['x-request-id']);
    expect(answer.body['instance']).toBe('/nothing');
  });
});

it('serves the OpenAPI document with examples and problems', async () => {
  const { body } = await api.call('GET', '/docs-json');

  const paths = body['paths'] as Record<string, Record<string, { responses: Record<string, { content?: object }> }>>;
  expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/stitch', '/stitch/{id}', '/probe', '/metrics']));
  expect(paths['/stitch']?.['post']?.responses['422']?.content).toHaveProperty(['application/problem+json']);
});
