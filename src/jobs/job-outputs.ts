import { isIP } from 'node:net';
import { SafeUrl } from '../common/safe-url.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import type { OwnHosts } from '../net/own-hosts.ts';
import type { SourcePolicy } from '../net/source-policy.ts';
import { OUTPUT_PROTOCOLS } from './dto/address.validator.ts';

/** Default port of each scheme that is pushed to. */
const DEFAULT_PORT: Readonly<Record<string, number>> = { rtsp: 554, rtsps: 322, rtmp: 1935, rtmps: 443 };

const PATH = /^[A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*$/;
const MAX_PATH = 200;
/** Parts that URL parsers take out, as players write them. */
const DOTS = /\/(\.|%2e){1,2}(\/|$)/i;

/** Where a job's panorama goes. */
export interface JobOutputs {
  /** Path at this server, or undefined when no output_url names one. */
  readonly path: string | undefined;
  readonly pushUrls: readonly string[];
}

/** What decides whether an address is our own, and whether it may be pushed to. */
export interface OutputRules {
  readonly ownHosts: OwnHosts;
  readonly rtspPort: number;
  readonly pushPolicy: SourcePolicy;
}

/**
 * Sorts a job's output addresses into a path here and addresses to push to.
 * @param outputs pairs of field name and address, checked for their form already
 * @throws SeamlineError `invalid-request` that names the field
 */
export function sortOutputs(outputs: readonly (readonly [string, string])[], rules: OutputRules): JobOutputs {
  let path: string | undefined;
  const pushUrls = new Map<string, string>();
  for (const [field, text] of outputs) {
    const url = SafeUrl.parse(text, OUTPUT_PROTOCOLS, field);
    if (isOwn(url, rules)) {
      if (path !== undefined) throw wrong(field, 'is a second path at this server; one job has one');
      path = ownPath(url, text, field);
    } else {
      checkPush(url, field, rules);
      if (pushUrls.has(addressKey(text))) throw wrong(field, 'is the same as another output of this job');
      pushUrls.set(addressKey(text), text);
    }
  }
  return { path, pushUrls: [...pushUrls.values()] };
}

/** One and the same text for all ways to write one address: without credentials, port spelled out. */
export function addressKey(text: string): string {
  const url = SafeUrl.parse(text, OUTPUT_PROTOCOLS);
  return `${url.protocol}://${url.host}:${portOf(url)}${url.pathWithQuery.replace(/\/+$/, '')}`;
}

/** Port of an address, the scheme's own when none is written. */
export function portOf(url: SafeUrl): number {
  return url.port ?? DEFAULT_PORT[url.protocol] ?? 0;
}

function isOwn(url: SafeUrl, rules: OutputRules): boolean {
  return url.protocol === 'rtsp' && portOf(url) === rules.rtspPort && rules.ownHosts.has(url.host);
}

function ownPath(url: SafeUrl, text: string, field: string): string {
  if (url.hasCredentials) throw wrong(field, 'must not have user and password at this server');
  if (url.path === '') throw wrong(field, 'needs a path, for example /live');
  if (url.pathWithQuery.includes('?') || !PATH.test(url.path) || url.path.length > MAX_PATH || DOTS.test(text)) {
    throw wrong(field, `has a path with other characters than letters, digits and . _ ~ - /, or over ${MAX_PATH} long`);
  }
  return url.path;
}

/** Names are resolved and checked when a push connects; an address can be checked at once. */
function checkPush(url: SafeUrl, field: string, rules: OutputRules): void {
  if (isIP(url.host) === 0 && url.host !== 'localhost') return;
  const address = url.host === 'localhost' ? '127.0.0.1' : url.host;
  const refusal = rules.pushPolicy.refusal(address, portOf(url));
  if (refusal !== undefined) throw wrong(field, refusal);
}

function wrong(field: string, message: string): SeamlineError {
  return new SeamlineError('invalid-request', `${field} ${message}`, { errors: [{ field, message }] });
}
