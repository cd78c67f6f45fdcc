import { isIP } from 'node:net';
import { addressKind, interfaceAddresses } from './address.ts';

/** Names and addresses that mean this machine: loopback, the interfaces' addresses, and configured public ones. */
export class OwnHosts {
  readonly #publicHosts: ReadonlySet<string>;
  readonly #addresses: () => readonly string[];

  constructor(publicHosts: readonly string[], addresses: () => readonly string[] = interfaceAddresses) {
    this.#publicHosts = new Set(publicHosts.map((host) => host.toLowerCase()));
    this.#addresses = addresses;
  }

  /** @param host name or address, IPv6 without brackets */
  has(host: string): boolean {
    const name = host.toLowerCase();
    if (name === 'localhost' || this.#publicHosts.has(name)) return true;
    return isIP(name) !== 0 && (addressKind(name) === 'loopback' || this.#addresses().includes(name));
  }

  /** The name to print in addresses for others: the first public one, else the first that is not loopback. */
  get preferred(): string {
    const [configured] = this.#publicHosts;
    return configured ?? this.#addresses().find((address) => addressKind(address) !== 'loopback') ?? 'localhost';
  }
}
