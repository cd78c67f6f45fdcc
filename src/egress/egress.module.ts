import { Global, Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { monotonicClock } from '../common/clock.ts';
import { projectPath } from '../config/config.loader.ts';
import { AppConfig } from '../config/config.schema.ts';
import { LOGGER, type Logger } from '../logging/logger.ts';
import { SourcePolicy } from '../net/source-policy.ts';
import { EgressService } from './egress.service.ts';
import { FlvController } from './flv/flv.controller.ts';
import { FlvServer } from './flv/server.ts';
import { PushStarter } from './push/push-starter.ts';
import { RtspServer } from './rtsp/server.ts';
import { StreamRegistry } from './stream-registry.ts';
import { publicAddresses } from './webrtc/public-addresses.ts';
import { WebRtcServer } from './webrtc/server.ts';
import { allowEveryOrigin } from './webrtc/whep-cors.ts';
import { iceServerLinks, WHEP_LINKS } from './webrtc/whep-links.ts';
import { WhepController } from './webrtc/whep.controller.ts';

/** The streams of this server and the protocols that they are read by. `EgressService.listen` opens the ports. */
@Global()
@Module({
  controllers: [FlvController, WhepController],
  providers: [
    EgressService,
    { provide: StreamRegistry, useFactory: () => new StreamRegistry(monotonicClock) },
    {
      provide: RtspServer,
      inject: [AppConfig, StreamRegistry, LOGGER],
      useFactory: (config: AppConfig, registry: StreamRegistry, log: Logger) => rtspServer(config, registry, log),
    },
    {
      provide: FlvServer,
      inject: [StreamRegistry, LOGGER],
      useFactory: (registry: StreamRegistry, log: Logger) =>
        new FlvServer({ registry, log: log.child({ stage: 'egress' }) }),
    },
    {
      provide: WebRtcServer,
      inject: [AppConfig, StreamRegistry, LOGGER],
      useFactory: ({ webrtc, network }: AppConfig, registry: StreamRegistry, log: Logger) =>
        new WebRtcServer({
          registry,
          clock: monotonicClock,
          log: log.child({ stage: 'egress' }),
          host: webrtc.host,
          port: webrtc.port,
          publicAddresses: () => publicAddresses(network.publicHosts),
          maxSessions: webrtc.maxSessions,
        }),
    },
    {
      provide: PushStarter,
      inject: [AppConfig, LOGGER],
      useFactory: ({ ffmpeg, network, http, rtsp, webrtc, push }: AppConfig, log: Logger) => {
        const policy = new SourcePolicy({ allow: network.pushNetworks, ownPorts: [http.port, rtsp.port, webrtc.port] });
        return new PushStarter({
          ffmpegPath: ffmpeg.path || process.env['FFMPEG_PATH'] || 'ffmpeg',
          clock: monotonicClock,
          log: log.child({ stage: 'egress' }),
          resolve: (host, port) => policy.resolve(host, port),
          limits: push,
          certificateAuthorityFile:
            push.certificateAuthorityFile === '' ? undefined : projectPath(push.certificateAuthorityFile),
        });
      },
    },
    {
      provide: WHEP_LINKS,
      inject: [AppConfig],
      useFactory: ({ webrtc }: AppConfig) => iceServerLinks(webrtc.iceServers),
    },
  ],
  exports: [EgressService, StreamRegistry],
})
export class EgressModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(allowEveryOrigin).forRoutes('whep/*path');
  }
}

function rtspServer({ rtsp, access }: AppConfig, registry: StreamRegistry, logger: Logger): RtspServer {
  const log = logger.child({ stage: 'egress' });
  const needsToken = access.viewerTokens.length > 0;
  if (rtsp.users.length > 0 && !needsToken) {
    log.warn('rtsp.users close RTSP alone: HTTP-FLV, WHEP and pages play without a log-in; see access.viewerTokens');
  }
  return new RtspServer({
    host: rtsp.host,
    port: rtsp.port,
    udpPort: rtsp.udpPort,
    registry,
    clock: monotonicClock,
    log,
    users: rtsp.users,
    tokens: needsToken ? [...access.viewerTokens, ...access.adminTokens] : [],
    maxSessions: rtsp.maxSessions,
    sessionTimeoutS: Math.round(rtsp.sessionTimeoutMs / 1000),
  });
}
