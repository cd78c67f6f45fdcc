import { SeamlineError } from '../common/seamline-error.ts';
import type { AccessLevel } from './access.decorator.ts';
import type { TokenRole } from './tokens.ts';

/** What is known of a caller. */
export interface Caller {
  readonly isLoopback: boolean;
  /** Host header names this machine (not a foreign name that was made to resolve to it). */
  readonly isOwnHost: boolean;
  /** The role of its token; `unknown` for a token that is not configured. */
  readonly role: TokenRole | 'unknown' | undefined;
}

/** What the configuration allows. */
export interface AccessRules {
  readonly isOpen: boolean;
  readonly hasAdminTokens: boolean;
  readonly hasViewerTokens: boolean;
}

const HOW_TO_SET =
  'no token is set on this server: write one into access.adminTokens in config/local.yaml (or SEAMLINE_ACCESS_ADMIN_TOKENS), ' +
  'restart it, and send "Authorization: Bearer TOKEN"; without a token only calls from the machine itself are accepted';

/** Undefined when the caller may, else the error that says what is missing. */
export function refusalOf(level: AccessLevel, caller: Caller, rules: AccessRules): SeamlineError | undefined {
  if (level === 'public') return undefined;
  if (caller.role === 'unknown') return new SeamlineError('unauthorized', 'this token is not known here');
  if (caller.role === 'admin') return undefined;
  // A web page whose name was pointed at 127.0.0.1 (DNS rebinding) reaches us from loopback, but under its own name.
  if (caller.isLoopback && caller.isOwnHost) return undefined;
  if (level === 'view') {
    if (!rules.hasViewerTokens || caller.role === 'viewer') return undefined;
    return new SeamlineError('unauthorized', 'reading needs a token here: send "Authorization: Bearer TOKEN"');
  }
  if (rules.isOpen) return undefined;
  if (caller.role === 'viewer') {
    return new SeamlineError(
      'forbidden',
      'a viewer token may read and play; starting and stopping needs an admin token',
    );
  }
  return new SeamlineError(
    'unauthorized',
    rules.hasAdminTokens ? 'starting and stopping needs a token: send "Authorization: Bearer TOKEN"' : HOW_TO_SET,
  );
}
