import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { withDeadline } from '../common/deadline.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { addNetwork, addressKind, interfaceAddresses, listHas, plainAddress, type AddressKind } from './address.ts';

/** Networks that may be talked to. */
export interface NetworkRules {
  /** `loopback`, `private`, `public`, addresses and networks in CIDR form. */
  readonly allow: readonly string[];
  /** Ports this server listens on; refused at every address of this machine. */
  readonly ownPorts: readonly number[];
}

/** Finds all addresses of a name. */
export type Lookup = (host: string) => Promise<readonly string[]>;

const RESOLVE_TIMEOUT_MS = 5000;
const KINDS: readonly string[] = ['loopback', 'private', 'public'] satisfies AddressKind[];

const systemLookup: Lookup = async (host) => (await lookup(host, { all: true, verbatim: true })).map((a) => a.address);

/**
 * Decides which addresses cameras and push servers may have. A name is resolved once; the address that was checked is
 * the one to connect to, so that a name cannot point elsewhere in between.
 */
export class SourcePolicy {
  readonly #kinds: ReadonlySet<string>;
  readonly #networks = new BlockList();
  readonly #ownPorts: ReadonlySet<number>;
  readonly #ownAddresses: () => readonly string[];
  readonly #lookup: Lookup;

  /**
   * @param ownAddresses addresses of this machine, asked for each check since interfaces come and go
   * @throws RangeError when `allow` names something that is no network
   */
  constructor(rules: NetworkRules, ownAddresses: () => readonly string[] = interfaceAddresses, find = systemLookup) {
    this.#kinds = new Set(rules.allow.filter((entry) => KINDS.includes(entry)));
    for (const network of rules.allow) if (!KINDS.includes(network)) addNetwork(this.#networks, network);
    this.#ownPorts = new Set(rules.ownPorts);
    this.#ownAddresses = ownAddresses;
    this.#lookup = find;
  }

  /** Why this address may not be used, in plain words, or undefined when it may. */
  refusal(address: string, port: number): string | undefined {
    const kind = addressKind(address);
    if (kind === 'refused') return 'is link-local, multicast, unspecified or an IPv4 address inside an IPv6 one';
    if (this.#ownPorts.has(port) && this.#isOwn(address, kind)) return 'is a port of this server itself';
    if (this.#kinds.has(kind) || listHas(this.#networks, address)) return undefined;
    return `is a ${kind} address, which the configuration does not allow`;
  }

  /**
   * The one address to connect to.
   * @throws SeamlineError `source-refused` when no address of the name may be used, `source-unreachable` when it has none
   */
  async resolve(host: string, port: number): Promise<string> {
    const addresses = isIP(host) === 0 ? await this.#find(host) : [host];
    const refusals = addresses.map((address) => this.refusal(address, port));
    const allowed = addresses[refusals.indexOf(undefined)];
    if (allowed !== undefined) return allowed;
    throw new SeamlineError('source-refused', `the address of this host ${refusals[0] ?? 'is unknown'}`);
  }

  async #find(host: string): Promise<readonly string[]> {
    let addresses: readonly string[];
    try {
      addresses = await withDeadline(this.#lookup(host), RESOLVE_TIMEOUT_MS, 'finding the address of the host');
    } catch (cause) {
      throw new SeamlineError('source-unreachable', 'the host name has no address; check its spelling and the DNS', {
        cause,
      });
    }
    if (addresses.length > 0) return addresses;
    throw new SeamlineError('source-unreachable', 'the host name has no address');
  }

  #isOwn(address: string, kind: AddressKind): boolean {
    return kind === 'loopback' || this.#ownAddresses().map(plainAddress).includes(address);
  }
}
