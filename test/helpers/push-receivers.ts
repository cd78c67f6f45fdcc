import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:net';
import { spawnChild, type OwnedChild } from '../../src/process/child.ts';
import { runProgram } from './run-program.ts';
import { eventually, freePort, ROOT } from './seamline-server.ts';

/** nginx with its RTMP module, which records what is pushed to the application `live` into its folder. */
export interface RtmpReceiver {
  readonly port: number;
  /** Port of the same over TLS; undefined without a certificate. */
  readonly tlsPort: number | undefined;
  /** File in which it says what publishers do. */
  readonly log: string;
  readonly server: OwnedChild;
}

/** GStreamer's RTSP server, which records what is pushed to `/in`. */
export interface RtspReceiver {
  readonly port: number;
  /** What arrived, H.264 in Annex B. */
  readonly file: string;
  readonly server: OwnedChild;
}

/** Key and certificate of a server at 127.0.0.1, under a name, that nobody has signed. @returns file that holds both, PEM */
export async function selfSignedCertificate(folder: string, name = 'localhost'): Promise<string> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const made = await runProgram('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
    ...['-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`, '-keyout', key, '-out', certificate],
  ]);
  if (made.exitCode !== 0) throw new Error(made.stderr);
  const both = join(folder, 'both.pem');
  const { stdout } = await runProgram('cat', [key, certificate]);
  await writeFile(both, stdout);
  return both;
}

/** How nginx receives. */
export interface RtmpReceiverOptions {
  /** Key and certificate; with them there is a port for TLS, too. */
  readonly pem?: string;
  /** Whether each stream is written into the folder as KEY.flv. */
  readonly isRecording?: boolean;
  /** Any free one by default. */
  readonly port?: number;
}

/** @param folder for its files */
export async function startRtmpReceiver(folder: string, options: RtmpReceiverOptions = {}): Promise<RtmpReceiver> {
  const { pem, isRecording = false, port = await freePort() } = options;
  const tlsPort = pem === undefined ? undefined : await freePort();
  const modules = '/usr/lib/nginx/modules';
  const tls =
    pem === undefined
      ? ''
      : `stream { server { listen 127.0.0.1:${tlsPort} ssl; ssl_certificate ${pem}; ssl_certificate_key ${pem};
         proxy_pass 127.0.0.1:${port}; } }`;
  const config = join(folder, `nginx-${port}.conf`);
  const log = join(folder, `${port}.log`);
  await writeFile(
    config,
    `load_module ${modules}/ngx_rtmp_module.so; ${pem === undefined ? '' : `load_module ${modules}/ngx_stream_module.so;`}
     daemon off; master_process off; pid ${folder}/${port}.pid; error_log ${log} info;
     events { worker_connections 64; } ${tls}
     rtmp { server { listen 127.0.0.1:${port}; chunk_size 4096; application live { live on;
     ${isRecording ? `record all; record_path ${folder};` : 'record off;'} } } }`,
  );
  const server = spawnChild({ command: '/usr/sbin/nginx', args: ['-c', config, '-p', folder] });
  await eventually('the start of nginx', 10_000, () => answers(tlsPort ?? port));
  return { port, tlsPort, log, server };
}

/** How the newest stream of this key ended: by RTMP's own word, or with the loss of its connection. */
export function rtmpEnd({ log }: RtmpReceiver, key: string): Promise<string> {
  return eventually(`the end of ${key}`, 20_000, async () => {
    const lines = (await readFile(log, 'utf8')).split('\n');
    const begin = lines.findLastIndex((line) => line.includes(`publish: name='${key}'`));
    const connection = / \*\d+ /.exec(lines[begin] ?? '')?.[0] ?? '?';
    const later = lines.slice(begin).filter((line) => line.includes(connection));
    return later.map((line) => /deleteStream|disconnect/.exec(line)?.[0]).find((word) => word !== undefined);
  });
}

/** @param args user and password for Digest, or `--tls` and the file with key and certificate */
export async function startRtspReceiver(folder: string, args: readonly string[] = []): Promise<RtspReceiver> {
  const port = await freePort();
  const file = join(folder, `record-${port}.264`);
  const program = join(ROOT, 'test/fixtures/bin/rtsp-record-server.py');
  const server = spawnChild({ command: '/usr/bin/python3', args: [program, String(port), file, ...args] });
  await Promise.race([
    new Promise((resolve) => {
      server.stdout.once('data', resolve);
    }),
    server.exited.then(({ stderrTail }) => Promise.reject(new Error(stderrTail.join('\n')))),
  ]);
  return { port, file, server };
}

function answers(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => (socket.destroy(), resolve(true)));
    socket.on('error', () => resolve(undefined));
  });
}
