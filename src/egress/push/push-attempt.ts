/** How one attempt to push ended. */
export interface PushEnd {
  /** Plain words, without secrets. */
  readonly reason: string;
  /** True when trying again soon would only make it worse: servers lock accounts after wrong passwords. */
  readonly isRefusal: boolean;
}

/** One connection to a foreign server, from its start to its end. */
export interface PushAttempt {
  /** Resolves when it is over, whoever ended it; never rejects. */
  readonly ended: Promise<PushEnd>;
  /** Ends it. Safe to call twice. */
  close(): Promise<void>;
}

/** Starts an attempt. @param onRunning called when the server takes the stream */
export type StartPush = (onRunning: () => void) => PushAttempt;

/** What holds for every push. */
export interface PushLimits {
  /** Longest wait for a connection. */
  readonly connectTimeoutMs: number;
  /** A server that takes nothing for this long although there are pictures is given up. */
  readonly stallTimeoutMs: number;
}

/** Bytes that may wait in this process for one server; more, and it is skipped to a later key frame. */
export const MAX_PUSH_QUEUE_BYTES = 2 * 1024 * 1024;
