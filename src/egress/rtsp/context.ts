import type { RtspAuthenticator } from '../../auth/rtsp-digest.ts';
import type { Logger } from '../../logging/logger.ts';
import type { StreamHub } from '../stream-hub.ts';
import type { StreamRegistry } from '../stream-registry.ts';
import type { RtpTransport } from './rtp-transport.ts';
import type { RtspSession } from './session.ts';
import type { UdpPorts } from './udp-ports.ts';

/** What the connections of one RTSP server share. */
export interface RtspContext {
  readonly registry: StreamRegistry;
  readonly log: Logger;
  /** Undefined when anyone may play. */
  readonly authenticator: RtspAuthenticator | undefined;
  /** Undefined when RTP over UDP is switched off. */
  readonly udp: UdpPorts | undefined;
  /** How long DESCRIBE waits for the first picture of a stream that has none yet. */
  readonly describeTimeoutMs: number;
  /** How long the answer to PLAY waits for the first packet, whose times it tells. */
  readonly playTimeoutMs: number;
  readonly sessionTimeoutS: number;
  /** Bytes of one client that may wait in this process. */
  readonly maxQueuedBytes: number;
  /** Identifies the descriptions of this server run. */
  readonly descriptionId: number;
  sessions(): readonly RtspSession[];
  session(id: string): RtspSession | undefined;
  /** A new session, or undefined when there are as many as may be. */
  openSession(hub: StreamHub, client: string, transport: RtpTransport): RtspSession | undefined;
}
