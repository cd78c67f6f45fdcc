import type { AccessUnit, StreamFormat } from '../contract/access-unit.ts';

/** Ways out of this server. */
export type EgressProtocol = 'rtsp' | 'flv' | 'webrtc' | 'push';

/** One who gets the access units of a stream. Its callbacks return at once; what it cannot send it reports by `isFull`. */
export interface StreamReader {
  readonly protocol: EgressProtocol;
  /** Who it is, for the log; no secret. */
  readonly name: string;
  /** Called before the first unit, and again when the job was restarted with other parameter sets. */
  onFormat(format: StreamFormat): void;
  /** The first unit, and the first after a skip, is a key frame. The unit is shared with other readers: never write to it. */
  onUnit(unit: AccessUnit): void;
  /** True while too much waits to be sent: the hub then skips this reader to a later key frame. */
  isFull?(): boolean;
  /** The stream has ended or the reader was too slow for too long; it is no longer subscribed. */
  onEnd?(reason: string): void;
}
