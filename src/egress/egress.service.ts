import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { FlvServer } from './flv/server.ts';
import type { PushGroup } from './push/push-group.ts';
import { PushStarter } from './push/push-starter.ts';
import { RtspServer } from './rtsp/server.ts';
import type { StreamHub } from './stream-hub.ts';
import { StreamRegistry } from './stream-registry.ts';
import type { EgressProtocol } from './stream-reader.ts';
import { WebRtcServer } from './webrtc/server.ts';

/** What the rest of the API process may ask of the outputs. Streams themselves are opened and closed in the StreamRegistry. */
@Injectable()
export class EgressService implements OnModuleDestroy {
  readonly #streams: StreamRegistry;
  readonly #rtsp: RtspServer;
  readonly #flv: FlvServer;
  readonly #webrtc: WebRtcServer;
  readonly #pushes: PushStarter;

  constructor(
    @Inject(StreamRegistry) streams: StreamRegistry,
    @Inject(RtspServer) rtsp: RtspServer,
    @Inject(FlvServer) flv: FlvServer,
    @Inject(WebRtcServer) webrtc: WebRtcServer,
    @Inject(PushStarter) pushes: PushStarter,
  ) {
    this.#streams = streams;
    this.#rtsp = rtsp;
    this.#flv = flv;
    this.#webrtc = webrtc;
    this.#pushes = pushes;
  }

  /** Opens the ports that are not the HTTP server's. @throws SeamlineError `port-in-use` */
  async listen(): Promise<void> {
    await this.#rtsp.listen();
    await this.#webrtc.listen();
  }

  /** Port of WebRTC's media, UDP and TCP, the real one when any was asked for. */
  get mediaPort(): number {
    return this.#webrtc.port;
  }

  /** TCP port of the RTSP server, the real one when any was asked for. */
  get rtspPort(): number {
    return this.#rtsp.port;
  }

  /** Readers of a path at this moment by protocol; none for a path that no job has. */
  readers(path: string): Readonly<Record<EgressProtocol, number>> {
    return this.#streams.get(path)?.readersByProtocol() ?? { rtsp: 0, flv: 0, webrtc: 0, push: 0 };
  }

  /**
   * Pushes a stream to foreign servers until the group is closed, which is to be done before the stream is.
   * @param urls complete addresses, with their passwords
   * @throws SeamlineError `invalid-request` for an address of another kind
   */
  startPushes(hub: StreamHub, urls: readonly string[]): PushGroup {
    return this.#pushes.start(hub, urls);
  }

  /** Ends every reader and frees the ports; called by Nest, and safe to call twice. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.#rtsp.close(), this.#flv.close(), this.#webrtc.close(), this.#pushes.close()]);
    this.#streams.closeAll('the server stops');
  }
}
