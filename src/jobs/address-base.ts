import { isIP } from 'node:net';
import { hostName } from '../auth/origin.ts';
import type { OwnHosts } from '../net/own-hosts.ts';
import type { ServerPorts } from '../net/server-ports.ts';
import type { AddressBase } from './job-view.ts';

/**
 * The host that output addresses are printed with: the one the caller used, when it is an address or a name of ours,
 * since that is the one that works from where the caller is; else our preferred one.
 */
export function addressBase(hostHeader: string | undefined, ownHosts: OwnHosts, ports: ServerPorts): AddressBase {
  const called = hostName(hostHeader);
  const isUsable = isIP(called) !== 0 || ownHosts.has(called);
  const host = isUsable ? called : ownHosts.preferred;
  const bracketed = host.includes(':') ? `[${host}]` : host;
  const httpOrigin =
    isUsable && hostHeader !== undefined ? `http://${hostHeader}` : `http://${bracketed}:${ports.http}`;
  return { host, httpOrigin, rtspPort: ports.rtsp };
}
