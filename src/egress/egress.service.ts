import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { FlvServer } from './flv/server.ts';
import { RtspServer } from './rtsp/server.ts';
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

  constructor(
    @Inject(StreamRegistry) streams: StreamRegistry,
    @Inject(RtspServer) rtsp: RtspServer,
    @Inject(FlvServer) flv: FlvServer,
    @Inject(WebRtcServer) webrtc: WebRtcServer,
  ) {
    this.#streams = streams;
    this.#rtsp = rtsp;
    this.#flv = flv;
    this.#webrtc = webrtc;
  }

  /** Opens the ports that are not the HTTP server's. @throws SeamlineError `port-in-use` */
  listen(): Promise<void> {
    return this.#rtsp.listen();
  }

  /** TCP port of the RTSP server, the real one when any was asked for. */
  get rtspPort(): number {
    return this.#rtsp.port;
  }

  /** Readers of a path at this moment by protocol; none for a path that no job has. */
  readers(path: string): Readonly<Record<EgressProtocol, number>> {
    return this.#streams.get(path)?.readersByProtocol() ?? { rtsp: 0, flv: 0, webrtc: 0, push: 0 };
  }

  /** Ends every reader and frees the ports; called by Nest, and safe to call twice. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.#rtsp.close(), this.#flv.close(), this.#webrtc.close()]);
    this.#streams.closeAll('the server stops');
  }
}
