import { isIP } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { proxyList, type RequestHeaders } from '../auth/client-address.ts';
import { hostName } from '../auth/origin.ts';
import { AppConfig } from '../config/config.schema.ts';
import { listHas, plainAddress } from '../net/address.ts';
import { OwnHosts } from '../net/own-hosts.ts';
import { ServerPorts } from '../net/server-ports.ts';
import type { AddressBase } from './job-view.ts';

/** The parts of a request that tell how its sender reaches this server. */
export interface AddressedRequest {
  readonly headers: RequestHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** The addresses that outputs are printed with. */
@Injectable()
export class AddressBook {
  readonly #ports: ServerPorts;
  readonly #ownHosts: OwnHosts;
  readonly #proxies: ReturnType<typeof proxyList>;

  constructor(@Inject(AppConfig) config: AppConfig, @Inject(ServerPorts) ports: ServerPorts) {
    this.#ports = ports;
    this.#ownHosts = new OwnHosts(config.network.publicHosts);
    this.#proxies = proxyList(config.http.trustProxy);
  }

  /**
   * The host that the caller used, when it is an address or a name of ours, since that is the one that works from where
   * the caller is; else our preferred one. Behind a trusted proxy that speaks TLS the addresses are https.
   */
  baseFor(request: AddressedRequest): AddressBase {
    const hostHeader = [request.headers['host']].flat()[0];
    const called = hostName(hostHeader);
    const isUsable = isIP(called) !== 0 || this.#ownHosts.has(called);
    const host = isUsable ? called : this.#ownHosts.preferred;
    const bracketed = host.includes(':') ? `[${host}]` : host;
    const httpOrigin =
      isUsable && hostHeader !== undefined
        ? `${this.#scheme(request)}://${hostHeader}`
        : `http://${bracketed}:${this.#ports.http}`;
    return { host, httpOrigin, rtspPort: this.#ports.rtsp };
  }

  #scheme({ headers, socket }: AddressedRequest): 'http' | 'https' {
    const [told] = [headers['x-forwarded-proto']].flat();
    const isTrusted = listHas(this.#proxies, plainAddress(socket.remoteAddress ?? ''));
    return isTrusted && told === 'https' ? 'https' : 'http';
  }
}
