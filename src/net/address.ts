import { BlockList, isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { networkOf } from '../config/network.ts';

/** What kind of network an address belongs to. `special` ones are allowed only where they are named. */
export type AddressKind = 'loopback' | 'private' | 'public' | 'special' | 'refused';

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) addNetwork(list, network);
  return list;
}

/** Adds an address or a network in CIDR form. @throws RangeError when it is neither */
export function addNetwork(list: BlockList, network: string): void {
  const found = networkOf(network);
  if (found === undefined) throw new RangeError(`${network} is neither an address nor a network`);
  list.addSubnet(found.address, found.bits, found.version === 6 ? 'ipv6' : 'ipv4');
}

/** True when the list holds the address; text that is no address is in no list. */
export function listHas(list: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Never allowed: unspecified, link-local with the metadata services of clouds, multicast, broadcast, and IPv6 forms
 * that carry an IPv4 address inside (mapped, compatible, NAT64, 6to4, Teredo), which would walk around every other rule.
 */
const REFUSED_V4 = listOf(['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4']);
const REFUSED_V6 = listOf([
  '::/128',
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
  '2001::/32',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  'fd00:ec2::254/128',
]);
const COMPATIBLE_V6 = listOf(['::/96']);
const LOOPBACK = listOf(['127.0.0.0/8', '::1']);
/** RFC 1918 and unique local (RFC 4193). */
const PRIVATE = listOf(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']);
/** Shared (RFC 6598, where some clouds keep their metadata), protocol assignments, benchmarks. */
const SPECIAL_V4 = listOf(['100.64.0.0/10', '192.0.0.0/24', '198.18.0.0/15']);
const GLOBAL_V6 = listOf(['2000::/3']);

/** The kind of an address; zone identifiers and text that is no address are refused. */
export function addressKind(address: string): AddressKind {
  if (isIP(address) === 0 || address.includes('%')) return 'refused';
  if (isIPv6(address)) {
    // BlockList treats a mapped IPv4 address as the IPv4 address itself, so the IPv6 rules are asked first.
    if (listHas(REFUSED_V6, address) || isMapped(address)) return 'refused';
    if (listHas(LOOPBACK, address)) return 'loopback';
    if (listHas(COMPATIBLE_V6, address)) return 'refused';
    if (listHas(PRIVATE, address)) return 'private';
    return listHas(GLOBAL_V6, address) ? 'public' : 'special';
  }
  if (listHas(REFUSED_V4, address)) return 'refused';
  if (listHas(LOOPBACK, address)) return 'loopback';
  if (listHas(PRIVATE, address)) return 'private';
  return listHas(SPECIAL_V4, address) ? 'special' : 'public';
}

function isMapped(address: string): boolean {
  return /^\[::ffff:[0-9a-f]{1,4}:[0-9a-f]{1,4}\]$/.test(new URL(`http://[${address}]/`).hostname);
}

/** An address as sockets report it, without the IPv6 dress of an IPv4 peer on a dual-stack socket. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}

/** Addresses of this machine's interfaces, loopback included. */
export function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map((entry) => entry.address));
}
