import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../helpers/run-program.ts';
import { eventually, SeamlineServer } from '../helpers/seamline-server.ts';

const USER = 'guard';
const PASSWORD = 'kEy-4711';

let server: SeamlineServer;

beforeAll(async () => {
  server = await SeamlineServer.start({
    SEAMLINE_HTTP_REQUEST_TIMEOUT_MS: '1000',
    SEAMLINE_HTTP_MAX_CONNECTIONS: '12',
    SEAMLINE_RTSP_USERS: JSON.stringify([{ name: USER, password: PASSWORD }]),
    SEAMLINE_NETWORK_SOURCE_NETWORKS: '127.0.0.0/24',
  });
});
afterAll(() => server?.stop());

async function ended(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  if (!socket.closed) await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

describe('limits of the HTTP server', () => {
  it('ends a request that does not arrive whole in time, and goes on', async () => {
    const socket = connect(server.httpPort, '127.0.0.1');
    socket.write('POST /stitch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Slow: ');

    expect(await ended(socket)).toMatch(/^HTTP\/1\.1 408 /);
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
  });

  it('refuses a body that is too long also when its length is not told before', async () => {
    const call = request(`${server.url}/stitch`, { method: 'POST', headers: { 'content-type': 'application/json' } });
    call.on('error', () => undefined);
    const answered = once(call, 'response') as Promise<[{ statusCode: number; resume(): void }]>;
    // Without a content length the body goes in chunks.
    for (let sent = 0; sent < 2_000_000; sent += 50_000) call.write(' '.repeat(50_000));
    call.end();

    const [answer] = await answered;
    answer.resume();
    expect(answer.statusCode).toBe(413);
  });

  it('takes no more connections than are allowed, and new ones when old ones have gone', async () => {
    const sockets = Array.from({ length: 24 }, () => connect(server.httpPort, '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => undefined);

    await eventually('refused connections', 5000, async () =>
      sockets.filter((socket) => socket.closed).length >= 12 ? true : undefined,
    );
    for (const socket of sockets) socket.destroy();

    await eventually('an answer', 5000, async () => ((await fetch(`${server.url}/health/live`)).ok ? true : undefined));
  });
});

describe('the RTSP server with users', () => {
  const ask = async (login: string): Promise<string> => {
    const url = `rtsp://${login}127.0.0.1:${server.rtspPort}/nothing-here`;
    return (await runProgram('ffprobe', ['-v', 'error', '-rtsp_transport', 'tcp', url])).stderr;
  };

  it('lets readers in by Digest alone', async () => {
    expect(await ask('')).toContain('401');
    expect(await ask(`${USER}:wrong@`)).toContain('401');
    // Let in, it is told that there is no such stream.
    expect(await ask(`${USER}:${PASSWORD}@`)).toContain('404');
  });
});

describe('a camera that sends the server elsewhere', () => {
  let camera: Server;
  /** Where the next DESCRIBE is redirected to. */
  let location = '';
  let requests: string[] = [];

  beforeAll(async () => {
    camera = createServer((socket) => {
      socket.on('error', () => undefined).setEncoding('utf8');
      socket.on('data', (text: string) => {
        requests.push(text);
        const sequence = /CSeq: (\d+)/i.exec(text)?.[1] ?? '1';
        const isOptions = text.startsWith('OPTIONS');
        const head = isOptions ? '200 OK\r\nPublic: OPTIONS, DESCRIBE' : `302 Moved\r\nLocation: ${location}`;
        socket.write(`RTSP/1.0 ${head}\r\nCSeq: ${sequence}\r\n\r\n`);
      });
    }).listen(0, '127.0.0.1');
    await once(camera, 'listening');
  });
  afterAll(() => camera.close());

  const probe = async (): Promise<Record<string, unknown>> => {
    requests = [];
    const { port } = camera.address() as { port: number };
    const answer = await fetch(`${server.url}/probe`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url: `rtsp://admin:cAnaRy7@localhost:${port}/a`, ingest: 'direct' }),
    });
    return (await answer.json()) as Record<string, unknown>;
  };

  it.each([
    ['a metadata service', () => 'rtsp://169.254.169.254:80/latest', 'link-local'],
    ['the server itself', () => `rtsp://127.0.0.1:${server.httpPort}/stitch`, 'this server itself'],
    ['a network that is not allowed', () => 'rtsp://192.168.77.1/a', 'private address'],
    ['a file', () => 'file:///etc/passwd', 'no RTSP address'],
  ])('is not followed to %s', async (_what, to, reason) => {
    location = to();

    const found = await probe();

    expect(requests.some((text) => text.startsWith('DESCRIBE'))).toBe(true);
    expect(found['reachable']).toBe(false);
    expect(String(found['reason'])).toContain(reason);
    expect(JSON.stringify(found)).not.toContain('cAnaRy7');
  });

  it('is followed to an allowed address, where its password does not go', async () => {
    const seen: string[] = [];
    const other = createServer((socket) => {
      socket.on('error', () => undefined).setEncoding('utf8');
      socket.on('data', (text: string) => {
        seen.push(text);
        const sequence = /CSeq: (\d+)/i.exec(text)?.[1] ?? '1';
        const login = 'WWW-Authenticate: Basic realm="other"';
        socket.write(`RTSP/1.0 401 Unauthorized\r\nCSeq: ${sequence}\r\n${login}\r\n\r\n`);
      });
    }).listen(0, '127.0.0.9');
    await once(other, 'listening');
    location = `rtsp://127.0.0.9:${(other.address() as { port: number }).port}/b`;

    const found = await probe();
    other.close();

    expect(found['reachable']).toBe(false);
    expect(seen.join('')).toContain('rtsp://127.0.0.9');
    expect(seen.join('')).not.toContain('Authorization');
    expect(seen.join('')).not.toContain('cAnaRy7');
  });
});
