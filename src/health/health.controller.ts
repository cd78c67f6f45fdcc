import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { Access } from '../auth/access.decorator.ts';
import { Readiness } from './readiness.ts';
import { productVersion } from './version.ts';

interface Reply {
  status(code: number): unknown;
}

/** Answers for whoever watches the server: an orchestrator, systemd, a load balancer. */
@ApiTags('health')
@Access('public')
@Controller('health')
export class HealthController {
  readonly #readiness: Readiness;

  constructor(@Inject(Readiness) readiness: Readiness) {
    this.#readiness = readiness;
  }

  @Get('live')
  @ApiOperation({ summary: 'The process answers' })
  @ApiOkResponse({ example: { status: 'live', version: '0.1.0' } })
  live(): object {
    return { status: 'live', version: productVersion() };
  }

  @Get('ready')
  @ApiOperation({ summary: 'ffmpeg, networks and ports are there' })
  @ApiOkResponse({
    description: '`warnings` are what somebody should look at although the server does its work: a full disk.',
    example: {
      status: 'ready',
      warnings: [],
      checks: [{ name: 'ffmpeg', ready: true, detail: 'version 5.1' }],
    },
  })
  @ApiServiceUnavailableResponse({ description: 'The same with status `not ready` and what is missing.' })
  async ready(@Res({ passthrough: true }) reply: Reply): Promise<object> {
    const checks = await this.#readiness.checks();
    const isReady = checks.every((check) => check.isReady);
    if (!isReady) reply.status(503);
    return {
      status: isReady ? 'ready' : 'not ready',
      warnings: checks.filter((check) => check.isWarning === true).map(({ detail }) => detail),
      checks: checks.map(({ name, isReady: ready, detail }) => ({ name, ready, detail })),
    };
  }
}
