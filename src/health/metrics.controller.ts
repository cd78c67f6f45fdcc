import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AppConfig } from '../config/config.schema.ts';
import { JobsService } from '../jobs/jobs.service.ts';
import type { LogLoss } from '../logging/log-output.ts';
import { LOG_LOSS } from '../logging/logging.module.ts';
import { metricsOf } from './metrics.ts';
import { prometheusText } from './prometheus.ts';
import { productVersion } from './version.ts';

/** Figures for Prometheus. */
@ApiTags('health')
@Controller('metrics')
export class MetricsController {
  readonly #jobs: JobsService;
  readonly #config: AppConfig;
  readonly #loss: LogLoss;

  constructor(
    @Inject(JobsService) jobs: JobsService,
    @Inject(AppConfig) config: AppConfig,
    @Inject(LOG_LOSS) loss: LogLoss,
  ) {
    this.#jobs = jobs;
    this.#config = config;
    this.#loss = loss;
  }

  @Get()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({ summary: 'Figures in the text format of Prometheus' })
  @ApiOkResponse({ content: { 'text/plain': {} } })
  metrics(): string {
    const { user, system } = process.cpuUsage();
    const { keeping } = this.#jobs;
    const facts = this.#jobs.list().map((job) => this.#jobs.facts(job));
    return prometheusText(
      metricsOf(facts, {
        version: productVersion(),
        nodeVersion: process.versions.node,
        startedSeconds: Math.round(performance.timeOrigin / 1000),
        cpuSeconds: (user + system) / 1e6,
        memoryBytes: process.memoryUsage.rss(),
        maxJobs: this.#config.jobs.maxJobs,
        lostLogLines: this.#loss.lostLines,
        isStateFileCurrent: keeping === undefined ? undefined : keeping.problem === undefined,
      }),
    );
  }
}
