import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { SafeUrl } from '../../../src/common/safe-url.ts';
import { TlsTunnel } from '../../../src/egress/push/tls-tunnel.ts';
import { selfSignedCertificate } from '../../helpers/push-receivers.ts';

const NAME = 'push.tunnel.test';

let folder: string;
let certificateAuthority: string;
let server: Server;
let port: number;
/** What the server has received, and the connections that it has. */
let received: Buffer[];
let connections: Socket[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'seamline-'));
  const pem = readFileSync(await selfSignedCertificate(folder, NAME), 'utf8');
  certificateAuthority = readFileSync(join(folder, 'certificate.pem'), 'utf8');
  server = createServer({ key: pem, cert: pem }, (socket) => {
    connections.push(socket);
    socket.on('error', () => undefined).on('data', (bytes: Buffer) => received.push(bytes));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
beforeEach(() => {
  received = [];
  connections = [];
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const open = (name = NAME, signal?: AbortSignal): Promise<TlsTunnel> =>
  TlsTunnel.open({
    url: SafeUrl.parse(`rtmps://${name}:${port}/live/key`, ['rtmps']),
    address: '127.0.0.1',
    port,
    timeoutMs: 5000,
    certificateAuthority,
    ...(signal === undefined ? {} : { signal }),
  });

async function client(tunnel: TlsTunnel): Promise<Socket> {
  const socket = connect(tunnel.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

it('carries both directions whole, and the last bytes of a client that has left', async () => {
  const tunnel = await open();
  const socket = await client(tunnel);
  socket.write('to the server');
  await expect.poll(() => Buffer.concat(received).toString()).toBe('to the server');
  connections[0]!.write('to the client');
  expect(String((await once(socket, 'data'))[0])).toBe('to the client');

  socket.end(Buffer.alloc(3_000_000, 7));
  await once(socket, 'close');
  await tunnel.close();

  await expect.poll(() => Buffer.concat(received).length).toBe(3_000_013);
  await expect.poll(() => connections[0]!.closed).toBe(true);
});

it('takes one connection and no other', async () => {
  const tunnel = await open();
  const { port: entry } = tunnel;
  const first = await client(tunnel);
  await expect.poll(() => tunnel.port).toBe(0);

  const second = connect(entry, '127.0.0.1');
  await expect(once(second, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(first.destroyed).toBe(false);

  await tunnel.close();
  await once(first, 'close');
});

it('ends the client when the server ends', async () => {
  const tunnel = await open();
  const socket = await client(tunnel);
  await expect.poll(() => connections).toHaveLength(1);

  connections[0]!.destroy();
  await once(socket.resume(), 'close');

  await tunnel.close();
});

it('refuses a certificate of another name, and leaves no connection', async () => {
  await expect(open('other.tunnel.test')).rejects.toMatchObject({ type: 'output-rejected' });

  await expect.poll(() => connections.every(({ closed }) => closed)).toBe(true);
});

it('ends at once when it is no longer wanted', async () => {
  const abort = new AbortController();
  const opening = open(NAME, abort.signal);
  abort.abort();

  await expect(opening).rejects.toMatchObject({ type: 'output-rejected' });
});
