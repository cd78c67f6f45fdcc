import type { Clock } from '../common/clock.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { StreamHub } from './stream-hub.ts';

/** Every stream of this server by its path. Opened and closed by the jobs, read by the protocols. */
export class StreamRegistry {
  readonly #clock: Clock;
  readonly #hubs = new Map<string, StreamHub>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param path path of the outputs, without leading and trailing slashes
   * @param requestKeyframe asks the job's encoder for a key frame
   * @throws SeamlineError `output-in-use` when another job has the path
   */
  open(path: string, requestKeyframe: () => void): StreamHub {
    if (this.#hubs.has(path)) throw new SeamlineError('output-in-use', `another job publishes at the path ${path}`);
    const hub = new StreamHub({ path, clock: this.#clock, requestKeyframe });
    this.#hubs.set(path, hub);
    return hub;
  }

  get(path: string): StreamHub | undefined {
    return this.#hubs.get(path);
  }

  /** Open streams, oldest first. */
  list(): StreamHub[] {
    return [...this.#hubs.values()];
  }

  /** Ends the stream for its readers and frees the path; nothing happens for an unknown path. */
  close(path: string, reason = 'the stream has ended'): void {
    const hub = this.#hubs.get(path);
    this.#hubs.delete(path);
    hub?.close(reason);
  }

  /** Ends every stream. */
  closeAll(reason: string): void {
    for (const hub of this.list()) this.close(hub.path, reason);
  }
}
