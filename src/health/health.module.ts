import { Module } from '@nestjs/common';
import { JobsModule } from '../jobs/jobs.module.ts';
import { HealthController } from './health.controller.ts';
import { MetricsController } from './metrics.controller.ts';
import { Readiness } from './readiness.ts';

/** Liveness, readiness, metrics. */
@Module({ imports: [JobsModule], controllers: [HealthController, MetricsController], providers: [Readiness] })
export class HealthModule {}
