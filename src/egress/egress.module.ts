import { Global, Module } from '@nestjs/common';
import { monotonicClock } from '../common/clock.ts';
import { AppConfig } from '../config/config.schema.ts';
import { LOGGER, type Logger } from '../logging/logger.ts';
import { EgressService } from './egress.service.ts';
import { FlvController } from './flv/flv.controller.ts';
import { FlvServer } from './flv/server.ts';
import { RtspServer } from './rtsp/server.ts';
import { StreamRegistry } from './stream-registry.ts';

/** The streams of this server and the protocols that they are read by. `EgressService.listen` opens the ports. */
@Global()
@Module({
  controllers: [FlvController],
  providers: [
    EgressService,
    { provide: StreamRegistry, useFactory: () => new StreamRegistry(monotonicClock) },
    {
      provide: RtspServer,
      inject: [AppConfig, StreamRegistry, LOGGER],
      useFactory: ({ rtsp }: AppConfig, registry: StreamRegistry, log: Logger) =>
        new RtspServer({
          host: rtsp.host,
          port: rtsp.port,
          udpPort: 0,
          registry,
          clock: monotonicClock,
          log: log.child({ stage: 'egress' }),
          users: rtsp.users,
          maxSessions: rtsp.maxSessions,
          sessionTimeoutS: Math.round(rtsp.sessionTimeoutMs / 1000),
        }),
    },
    {
      provide: FlvServer,
      inject: [StreamRegistry, LOGGER],
      useFactory: (registry: StreamRegistry, log: Logger) =>
        new FlvServer({ registry, log: log.child({ stage: 'egress' }) }),
    },
  ],
  exports: [EgressService, StreamRegistry],
})
export class EgressModule {}
