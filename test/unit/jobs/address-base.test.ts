import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { A_STITCH, startApi, type TestApi } from '../../helpers/api.ts';

const TOKEN = '0123456789abcdefghij';
const PROXY = '10.0.0.2';

let api: TestApi;
let id: string;

beforeAll(async () => {
  api = await startApi({
    http: { trustProxy: [PROXY] },
    network: { publicHosts: ['pano.example.org'] },
    access: { adminTokens: [TOKEN] },
  });
  id = String((await api.call('POST', '/stitch', A_STITCH)).body['id']);
});

afterAll(async () => {
  await api.close();
});

const outputs = async (from: string, headers: Record<string, string>): Promise<Record<string, string>> =>
  (await api.call('GET', `/stitch/${id}`, undefined, { from, headers })).body['outputs'] as Record<string, string>;

describe('the addresses of outputs', () => {
  it('have the host under which the caller reaches the server, when it is one of ours', async () => {
    expect(await outputs('192.168.1.9', { host: '192.168.1.5:5000' })).toMatchObject({
      rtsp: `rtsp://192.168.1.5:8554/${id}`,
      page: `http://192.168.1.5:5000/view/${id}`,
    });
    expect((await outputs('192.168.1.9', { host: '[fd00::5]:5000' }))['rtsp']).toBe(`rtsp://[fd00::5]:8554/${id}`);
  });

  it('have our own name instead of one that somebody made up', async () => {
    const shown = await outputs('192.168.1.9', { host: 'evil.example' });

    expect(shown).toMatchObject({
      rtsp: `rtsp://pano.example.org:8554/${id}`,
      page: `http://pano.example.org:5000/view/${id}`,
    });
  });

  it('are https behind a trusted proxy that speaks TLS, and only there', async () => {
    const headers = { host: 'pano.example.org', 'x-forwarded-proto': 'https', 'x-forwarded-for': '198.51.100.7' };

    expect(await outputs(PROXY, headers)).toMatchObject({
      whep: `https://pano.example.org/whep/${id}`,
      flv: `https://pano.example.org/live/${id}.flv`,
      rtsp: `rtsp://pano.example.org:8554/${id}`,
    });
    expect((await outputs('10.0.0.3', headers))['page']).toBe(`http://pano.example.org/view/${id}`);
  });
});
