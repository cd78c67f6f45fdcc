import { isIP } from 'node:net';

/** An address or a network. */
export interface Network {
  readonly address: string;
  readonly version: 4 | 6;
  /** Length of the prefix; all bits for an address. */
  readonly bits: number;
}

/** Reads an address or a network in CIDR form; undefined when the text is neither. */
export function networkOf(text: string): Network | undefined {
  const [, address = '', prefix] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const version = isIP(address);
  if (version !== 4 && version !== 6) return undefined;
  const all = version === 6 ? 128 : 32;
  const bits = prefix === undefined ? all : Number(prefix);
  return bits <= all ? { address, version, bits } : undefined;
}

/** Whether a text that reads like an address is one; names are not looked at. */
export function isHost(text: string): boolean {
  return !/^[\d.]+$|:/.test(text) || isIP(text) !== 0;
}
