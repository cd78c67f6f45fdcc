import { Module, type DynamicModule } from '@nestjs/common';
import { AuthModule } from './auth/auth.module.ts';
import { ConfigModule } from './config/config.module.ts';
import type { AppConfig } from './config/config.schema.ts';
import { EgressModule } from './egress/egress.module.ts';
import { HealthModule } from './health/health.module.ts';
import { HttpModule } from './http/http.module.ts';
import { JobsModule } from './jobs/jobs.module.ts';
import { LoggingModule } from './logging/logging.module.ts';
import type { LogLoss } from './logging/log-output.ts';
import type { Logger } from './logging/logger.ts';
import { ViewerModule } from './viewer/viewer.module.ts';

/** Root of the API process. */
@Module({})
export class AppModule {
  static with(config: AppConfig, logger: Logger, loss: LogLoss): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(config),
        LoggingModule.with(logger, loss),
        EgressModule,
        AuthModule,
        HttpModule,
        JobsModule,
        HealthModule,
        ViewerModule,
      ],
    };
  }
}
