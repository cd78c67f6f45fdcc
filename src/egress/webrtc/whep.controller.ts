import { Body, Controller, Delete, HttpCode, Inject, Options, Param, Patch, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Access, AnyOrigin, BodyTypes } from '../../auth/access.decorator.ts';
import { isPreflight, type GuardedRequest } from '../../auth/access.guard.ts';
import { SeamlineError } from '../../common/seamline-error.ts';
import { normalizeStreamPath } from '../rtsp/request-target.ts';
import { WebRtcServer } from './server.ts';
import { WHEP_LINKS } from './whep-links.ts';

/** The parts of a request and of Fastify's reply that are used here. */
interface WhepRequest extends Pick<GuardedRequest, 'method' | 'headers'> {
  readonly ip: string;
}

interface WhepReply {
  header(name: string, value: string | readonly string[]): unknown;
}

/**
 * Play by WebRTC over HTTP (WHEP, draft-ietf-wish-whep): the offer is posted, the answer comes back whole, with every
 * candidate. Candidates of the viewer are not needed, since this server is ICE lite: they are accepted and ignored.
 */
@ApiExcludeController()
@Controller('whep')
@AnyOrigin()
export class WhepController {
  readonly #server: WebRtcServer;
  readonly #links: readonly string[];

  constructor(@Inject(WebRtcServer) server: WebRtcServer, @Inject(WHEP_LINKS) links: readonly string[]) {
    this.#server = server;
    this.#links = links;
  }

  /** Names the STUN and TURN servers before an offer is made (RFC 9725 §4.6), to those who may play; never to preflights. */
  @Options('*')
  @Access('view')
  @HttpCode(204)
  allow(@Req() request: WhepRequest, @Res({ passthrough: true }) reply: WhepReply): void {
    if (this.#links.length > 0 && !isPreflight(request)) reply.header('link', this.#links);
  }

  @Post('*')
  @Access('view')
  @BodyTypes('application/sdp')
  @HttpCode(201)
  async play(
    @Param('*') name: string,
    @Body() offer: unknown,
    @Req() request: WhepRequest,
    @Res({ passthrough: true }) reply: WhepReply,
  ): Promise<string> {
    const path = normalizeStreamPath(name) ?? '';
    const { id, sdp } = await this.#server.answer(path, typeof offer === 'string' ? offer : '', request.ip);
    reply.header('content-type', 'application/sdp');
    reply.header('location', `/whep/${path}/${id}`);
    if (this.#links.length > 0) reply.header('link', this.#links);
    return sdp;
  }

  @Patch('*')
  @Access('public')
  @BodyTypes('application/trickle-ice-sdpfrag')
  @HttpCode(204)
  trickle(@Param('*') name: string): void {
    const { path, id } = resourceOf(name);
    if (!this.#server.has(path, id)) throw gone();
  }

  @Delete('*')
  @Access('public')
  @HttpCode(204)
  async leave(@Param('*') name: string): Promise<void> {
    const { path, id } = resourceOf(name);
    if (!(await this.#server.end(path, id))) throw gone();
  }
}

function resourceOf(name: string): { readonly path: string; readonly id: string } {
  const slash = name.lastIndexOf('/');
  return { path: normalizeStreamPath(name.slice(0, Math.max(0, slash))) ?? '', id: name.slice(slash + 1) };
}

function gone(): SeamlineError {
  return new SeamlineError('stream-not-found', 'there is no such WebRTC session');
}
