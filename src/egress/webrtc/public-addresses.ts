import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { withDeadline } from '../../common/deadline.ts';

/** Longest wait for a name; a viewer waits as long. */
const LOOKUP_MS = 1500;

/**
 * Addresses of the configured public hosts. Browsers do not look up names in candidates reliably, so this is done here, at
 * each offer, since addresses behind dynamic names change. Names that cannot be resolved are left out.
 */
export async function publicAddresses(hosts: readonly string[]): Promise<string[]> {
  const found = await Promise.allSettled(
    hosts.map((host) =>
      isIP(host) === 0
        ? withDeadline(lookup(host, { all: true }), LOOKUP_MS, `the lookup of ${host}`)
        : Promise.resolve([{ address: host }]),
    ),
  );
  return [
    ...new Set(
      found.flatMap((result) => (result.status === 'fulfilled' ? result.value : [])).map(({ address }) => address),
    ),
  ];
}
