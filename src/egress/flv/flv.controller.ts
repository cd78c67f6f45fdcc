import type { ServerResponse } from 'node:http';
import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { SeamlineError } from '../../common/seamline-error.ts';
import { normalizeStreamPath } from '../rtsp/request-target.ts';
import { FlvServer } from './server.ts';

/** The parts of a request and of Fastify's reply that are used here. */
interface FlvRequest {
  readonly method: string;
  readonly ip: string;
}

interface FlvReply {
  readonly raw: ServerResponse;
  getHeaders(): Record<string, unknown>;
  headers(values: Readonly<Record<string, string>>): FlvReply;
  send(): unknown;
  hijack(): unknown;
}

/** `GET /live/PATH.flv`: the panorama for VLC, ffplay and mpegts.js. */
@ApiExcludeController()
@Controller('live')
export class FlvController {
  readonly #server: FlvServer;

  constructor(@Inject(FlvServer) server: FlvServer) {
    this.#server = server;
  }

  @Get('*')
  async play(@Param('*') name: string, @Req() request: FlvRequest, @Res() reply: FlvReply): Promise<void> {
    const path = name.endsWith('.flv') ? normalizeStreamPath(name.slice(0, -'.flv'.length)) : undefined;
    if (path === undefined) throw new SeamlineError('stream-not-found', 'the address of an FLV stream ends with .flv');
    await this.#server.prepare(path);
    const headers: Record<string, string> = { 'access-control-allow-origin': '*', connection: 'close' };
    for (const [key, value] of Object.entries(reply.getHeaders())) headers[key] = String(value);
    if (request.method === 'HEAD') {
      void reply.headers({ ...headers, 'content-type': 'video/x-flv' }).send();
      return;
    }
    reply.hijack();
    this.#server.serve(path, reply.raw, headers, request.ip);
  }
}
