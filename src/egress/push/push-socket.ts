import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, getCACertificates } from 'node:tls';
import type { SafeUrl } from '../../common/safe-url.ts';
import { SeamlineError } from '../../common/seamline-error.ts';

/** Where to connect. */
export interface PushSocketOptions {
  readonly url: SafeUrl;
  /** The address that was checked. */
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** Certificates that a server may have besides the well-known ones, PEM. */
  readonly certificateAuthority: string | undefined;
  /** Ends the attempt. */
  readonly signal?: AbortSignal;
}

/** Why a certificate is refused, for people. */
export const UNVERIFIED =
  'the certificate of the server cannot be verified; if it is its own, name it in push.certificateAuthorityFile';

/** Codes of Node for certificates that do not verify. */
const UNVERIFIED_CODE = /CERT|VERIFY|ISSUER|SIGNATURE/;

/** Why connections fail, for people. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the server refuses connections; does it run, and is the port right?',
  EHOSTUNREACH: 'the server cannot be reached',
  ENETUNREACH: 'the network of the server cannot be reached',
  ETIMEDOUT: 'the server does not answer',
};

/** A connection to a server, encrypted for `rtsps` and `rtmps`. @throws SeamlineError `output-rejected` */
export async function connectPush(options: PushSocketOptions): Promise<Socket> {
  const { url, address, port, certificateAuthority, timeoutMs, signal } = options;
  const isSecure = ['rtsps', 'rtmps'].includes(url.protocol);
  const socket = isSecure
    ? connectTls({
        host: address,
        port,
        // A name, not an address, is what a certificate is for; an address in the URL is checked against the certificate too.
        ...(isIP(url.host) === 0 ? { servername: url.host } : {}),
        // What is named here replaces Node's own list.
        ...(certificateAuthority === undefined ? {} : { ca: [...getCACertificates('default'), certificateAuthority] }),
      })
    : connect({ host: address, port });
  socket.setTimeout(timeoutMs, () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
  try {
    await once(socket, isSecure ? 'secureConnect' : 'connect', signal === undefined ? {} : { signal });
  } catch (cause) {
    socket.destroy();
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const other = isSecure ? `no secure connection (${code})` : `no connection (${code})`;
    const reason = UNVERIFIED_CODE.test(code) ? UNVERIFIED : (REASONS[code] ?? other);
    throw new SeamlineError('output-rejected', reason, { cause });
  }
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  // 'close' follows and does what is to be done.
  socket.on('error', () => undefined);
  return socket;
}
