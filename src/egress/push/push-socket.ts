import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SafeUrl } from '../../common/safe-url.ts';
import { SeamlineError } from '../../common/seamline-error.ts';

/** Where to connect. */
export interface PushSocketOptions {
  readonly url: SafeUrl;
  /** The address that was checked. */
  readonly address: string;
  readonly port: number;
  readonly certificateAuthority: string | undefined;
}

const CONNECT_MS = 10_000;

/** Why connections fail, for people. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the server refuses connections; does it run, and is the port right?',
  EHOSTUNREACH: 'the server cannot be reached',
  ENETUNREACH: 'the network of the server cannot be reached',
  ETIMEDOUT: 'the server does not answer',
};

/** A connection to an RTSP server, encrypted for `rtsps`. @throws SeamlineError `output-rejected` */
export async function connectPush(options: PushSocketOptions): Promise<Socket> {
  const { url, address, port, certificateAuthority } = options;
  const isSecure = url.protocol === 'rtsps';
  const socket = isSecure
    ? connectTls({
        host: address,
        port,
        // A name, not an address, is what a certificate is for; an address in the URL is checked against the certificate too.
        ...(isIP(url.host) === 0 ? { servername: url.host } : {}),
        ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }),
      })
    : connect({ host: address, port });
  socket.setTimeout(CONNECT_MS, () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
  try {
    await once(socket, isSecure ? 'secureConnect' : 'connect');
  } catch (cause) {
    socket.destroy();
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const reason = REASONS[code] ?? (isSecure ? `no secure connection (${code})` : `no connection (${code})`);
    throw new SeamlineError('output-rejected', reason, { cause });
  }
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  // 'close' follows and does what is to be done.
  socket.on('error', () => undefined);
  return socket;
}
