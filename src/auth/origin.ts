/** Host of a Host header without its port, lower case, IPv6 without brackets; empty when there is none. */
export function hostName(hostHeader: string | undefined): string {
  const match = /^(\[[0-9a-f:.]+\]|[^:\s]+)(:\d+)?$/i.exec(hostHeader ?? '');
  return (match?.[1] ?? '').replace(/^\[|\]$/g, '').toLowerCase();
}

/**
 * True when a state-changing call may come from this Origin: none (no browser, or its own navigation), the same host
 * and port as was called, or one of the allowed ones. `null` (sandboxed frames, files) is refused.
 */
export function isOriginAllowed(
  origin: string | undefined,
  hostHeader: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined) return true;
  if (allowed.includes(origin)) return true;
  const [, host] = /^https?:\/\/([^/]+)$/i.exec(origin) ?? [];
  return host !== undefined && hostHeader !== undefined && host.toLowerCase() === hostHeader.toLowerCase();
}
