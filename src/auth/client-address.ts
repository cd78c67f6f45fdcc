import { BlockList, isIP } from 'node:net';
import { addNetwork, addressKind, listHas, plainAddress } from '../net/address.ts';

/** Header values by lower-case name, as Node gives them. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Headers that only proxies write; one of them on a request means that the peer is not the client. */
const PROXY_HEADERS = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'via',
  'cf-connecting-ip',
  'true-client-ip',
];

/** Who sent a request. */
export interface Client {
  /** Address without IPv6 dress; the proxy's own when the proxy is not trusted. */
  readonly address: string;
  /** True when the request comes from this machine itself. */
  readonly isLoopback: boolean;
}

/** The trusted proxies as a list that can be asked. @param networks addresses and networks in CIDR form */
export function proxyList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) addNetwork(list, network);
  return list;
}

/**
 * The client of a request. Behind trusted proxies it is the last address of X-Forwarded-For that is no proxy of ours;
 * what stands further left was written by the client itself. With any other sign of a proxy it is never loopback.
 */
export function clientOf(peer: string, headers: RequestHeaders, proxies: BlockList): Client {
  const peerAddress = plainAddress(peer);
  const isForwarded = PROXY_HEADERS.some((name) => headers[name] !== undefined);
  if (!isForwarded) return { address: peerAddress, isLoopback: addressKind(peerAddress) === 'loopback' };
  const chain = forwardedChain(headers);
  if (!listHas(proxies, peerAddress) || chain.length === 0) return { address: peerAddress, isLoopback: false };
  const address = chain.findLast((hop) => !listHas(proxies, hop)) ?? chain[0] ?? peerAddress;
  return { address, isLoopback: addressKind(address) === 'loopback' };
}

/** Hops from the client to the last proxy; empty when there is no X-Forwarded-For or it holds something else. */
function forwardedChain(headers: RequestHeaders): string[] {
  const value = [headers['x-forwarded-for'] ?? ''].flat().join(',');
  const hops = value.split(',').map((hop) => plainAddress(hop.trim()));
  return hops.every((hop) => isIP(hop) !== 0) ? hops : [];
}
