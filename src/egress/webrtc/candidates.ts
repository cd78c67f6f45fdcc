import { addressKind, interfaceAddresses } from '../../net/address.ts';

/** Type preferences (RFC 8445 §5.1.2.1): UDP before TCP, which waits for lost packets. */
const PREFERENCE = { udp: 126, tcp: 90 } as const;

/**
 * Addresses that a server bound to `host` is reached at: those of its interfaces, then the public ones (behind NAT, in a
 * container), then loopback, for viewers on this machine.
 * @param host address that is bound; 0.0.0.0 and :: mean all
 * @param publicAddresses under which this machine is reached from elsewhere, ports being forwarded one to one
 */
export function mediaAddresses(
  host: string,
  publicAddresses: readonly string[],
  own: readonly string[] = interfaceAddresses(),
): string[] {
  const bound = own.filter((address) => {
    if (host === '::') return true;
    return host === '0.0.0.0' ? !address.includes(':') : address === host;
  });
  // Link-local addresses need a zone, which candidates cannot carry.
  const usable = bound.filter((address) => addressKind(address) !== 'refused');
  const isLoopback = (address: string): boolean => addressKind(address) === 'loopback';
  return [
    ...new Set([
      ...usable.filter((address) => !isLoopback(address)),
      ...publicAddresses,
      ...usable.filter((address) => isLoopback(address)),
    ]),
  ];
}

/** Puts each address into an answer, with UDP and with TCP (RFC 6544: the viewer connects), in place of what it names. */
export function withCandidates(answer: string, addresses: readonly string[], port: number): string {
  const lines = (['udp', 'tcp'] as const).flatMap((transport) =>
    addresses.map((address, index) => {
      const priority = PREFERENCE[transport] * 2 ** 24 + (65_535 - index) * 2 ** 8 + 255;
      const foundation = `${transport === 'udp' ? 1 : 2}${index}`;
      const tail = transport === 'tcp' ? ' tcptype passive' : '';
      return `a=candidate:${foundation} 1 ${transport} ${priority} ${address} ${port} typ host${tail}`;
    }),
  );
  const kept = answer.split('\r\n').filter((line) => !line.startsWith('a=candidate:'));
  return kept.flatMap((line) => (line === 'a=end-of-candidates' ? [...lines, line] : [line])).join('\r\n');
}
