import { Global, Module, type DynamicModule } from '@nestjs/common';
import { AuthModule } from './auth/auth.module.ts';
import { monotonicClock } from './common/clock.ts';
import { ConfigModule } from './config/config.module.ts';
import { AppConfig } from './config/config.schema.ts';
import { RtspServer } from './egress/rtsp/server.ts';
import { StreamRegistry } from './egress/stream-registry.ts';
import { HealthModule } from './health/health.module.ts';
import { HttpModule } from './http/http.module.ts';
import { JobsModule } from './jobs/jobs.module.ts';
import { LoggingModule } from './logging/logging.module.ts';
import { LOGGER, type Logger } from './logging/logger.ts';

/** The streams of this server, known to the jobs that write them and to the protocols that read them. */
@Global()
@Module({
  providers: [
    { provide: StreamRegistry, useFactory: () => new StreamRegistry(monotonicClock) },
    {
      provide: RtspServer,
      inject: [AppConfig, LOGGER, StreamRegistry],
      useFactory: ({ rtsp }: AppConfig, log: Logger, registry: StreamRegistry) =>
        new RtspServer({
          host: rtsp.host,
          port: rtsp.port,
          users: rtsp.users,
          registry,
          log,
          clock: monotonicClock,
          udpPort: 0,
          maxSessions: rtsp.maxSessions,
          sessionTimeoutS: rtsp.sessionTimeoutMs / 1000,
        }),
    },
  ],
  exports: [StreamRegistry, RtspServer],
})
class StreamsModule {}

/** Root of the API process. */
@Module({})
export class AppModule {
  static with(config: AppConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(config),
        LoggingModule.with(logger),
        StreamsModule,
        AuthModule,
        HttpModule,
        JobsModule,
        HealthModule,
      ],
    };
  }
}
