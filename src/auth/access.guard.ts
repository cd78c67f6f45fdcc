import { hostname } from 'node:os';
import { isIP } from 'node:net';
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { monotonicClock } from '../common/clock.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { AppConfig } from '../config/config.schema.ts';
import { LOGGER, type Logger } from '../logging/logger.ts';
import { OwnHosts } from '../net/own-hosts.ts';
import { ACCESS_LEVEL, ANY_ORIGIN, BODY_TYPES, type AccessLevel } from './access.decorator.ts';
import { refusalOf, type AccessRules, type Caller } from './access-policy.ts';
import { clientOf, proxyList, type Client, type RequestHeaders } from './client-address.ts';
import { hostName, isOriginAllowed } from './origin.ts';
import { RateLimit } from './rate-limit.ts';
import { TokenStore, tokenOf } from './tokens.ts';

/** The parts of a request that decide. */
export interface GuardedRequest {
  readonly method: string;
  readonly headers: RequestHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly body?: unknown;
}

interface GuardedReply {
  header(name: string, value: string): unknown;
}

const JSON_ONLY: readonly string[] = ['application/json'];
const READING_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Stands before every route: rates, content type and origin of state-changing calls, then loopback or token.
 * Nothing of a request has had an effect when it is refused here.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #reflector: Reflector;
  readonly #config: AppConfig;
  readonly #logger: Logger;
  readonly #rules: AccessRules;
  readonly #tokens: TokenStore;
  readonly #proxies: ReturnType<typeof proxyList>;
  readonly #ownHosts: OwnHosts;
  readonly #changes: RateLimit;
  readonly #refusals: RateLimit;

  constructor(
    @Inject(Reflector) reflector: Reflector,
    @Inject(AppConfig) config: AppConfig,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.#reflector = reflector;
    this.#config = config;
    this.#logger = logger;
    this.#tokens = new TokenStore(config.access.adminTokens, config.access.viewerTokens);
    this.#rules = {
      isOpen: config.access.open,
      hasAdminTokens: this.#tokens.hasAdmin,
      hasViewerTokens: this.#tokens.hasViewer,
    };
    this.#proxies = proxyList(config.http.trustProxy);
    this.#ownHosts = new OwnHosts([...config.network.publicHosts, hostname()]);
    this.#changes = new RateLimit(monotonicClock, config.http.maxChangesPerMinute);
    this.#refusals = new RateLimit(monotonicClock, config.http.maxRefusalsPerMinute);
  }

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const reply = context.switchToHttp().getResponse<GuardedReply>();
    const isReading = READING_METHODS.has(request.method);
    const level = (this.#meta(ACCESS_LEVEL, context) as AccessLevel | undefined) ?? (isReading ? 'view' : 'change');
    const client = clientOf(request.socket.remoteAddress ?? '', request.headers, this.#proxies);
    if (!isReading) {
      if (level === 'change') this.#limit(this.#changes, client, reply);
      this.#checkOrigin(request, context);
      this.#checkContentType(request, (this.#meta(BODY_TYPES, context) as readonly string[] | undefined) ?? JSON_ONLY);
    }
    this.#authorize(isPreflight(request) ? 'public' : level, request, client, reply);
    return true;
  }

  #meta(key: string, context: ExecutionContext): unknown {
    return this.#reflector.getAllAndOverride<unknown>(key, [context.getHandler(), context.getClass()]);
  }

  #limit(limit: RateLimit, client: Client, reply: GuardedReply): void {
    const seconds = limit.take(client.address);
    if (seconds > 0) this.#tellToWait(seconds, reply);
  }

  #tellToWait(seconds: number, reply: GuardedReply): never {
    reply.header('retry-after', String(seconds));
    throw new SeamlineError('too-many-requests', `too many requests from this address; try again in ${seconds} s`);
  }

  #checkOrigin(request: GuardedRequest, context: ExecutionContext): void {
    if (this.#meta(ANY_ORIGIN, context) === true) return;
    const origin = single(request.headers['origin']);
    if (isOriginAllowed(origin, single(request.headers['host']), this.#config.http.allowedOrigins)) return;
    throw new SeamlineError('forbidden', 'pages of this origin may not call here; see http.allowedOrigins');
  }

  #checkContentType(request: GuardedRequest, types: readonly string[]): void {
    if (request.method === 'DELETE' && (request.body === undefined || request.body === null)) return;
    const type = (single(request.headers['content-type']) ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    if (types.includes(type)) return;
    throw new SeamlineError('unsupported-media-type', `send the body as ${types.join(' or ')}`);
  }

  #authorize(level: AccessLevel, request: GuardedRequest, client: Client, reply: GuardedReply): void {
    const token = tokenOf(single(request.headers['authorization']));
    const guesses = token === undefined ? 0 : this.#refusals.waitSeconds(client.address);
    if (guesses > 0) this.#tellToWait(guesses, reply);
    const role: Caller['role'] = token === undefined ? undefined : (this.#tokens.roleOf(token) ?? 'unknown');
    const host = hostName(single(request.headers['host']));
    const caller = { isLoopback: client.isLoopback, isOwnHost: isIP(host) !== 0 || this.#ownHosts.has(host), role };
    const refusal = refusalOf(level, caller, this.#rules);
    if (refusal === undefined) return;
    if (role === 'unknown') {
      this.#refusals.take(client.address);
      this.#logger.warn('wrong token', { reason: refusal.message, address: client.address });
    }
    throw refusal;
  }
}

/** Browsers ask without credentials what a page of another origin may do (WHATWG Fetch, 3.3). */
export function isPreflight(request: Pick<GuardedRequest, 'method' | 'headers'>): boolean {
  return request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
}

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}
