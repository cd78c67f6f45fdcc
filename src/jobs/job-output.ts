import type { StreamItem } from '../contract/access-unit.ts';
import type { EgressService } from '../egress/egress.service.ts';
import type { StreamRegistry } from '../egress/stream-registry.ts';
import type { PushView } from './job-view.ts';

/** The stream of one job with its pushes: opened once, open while job processes come and go, closed with the job. */
export class JobOutput {
  readonly #streams: StreamRegistry;
  readonly #hub: ReturnType<StreamRegistry['open']>;
  readonly #pushes: ReturnType<EgressService['startPushes']>;
  #closing: Promise<void> | undefined;

  /** @throws SeamlineError `output-in-use` when another job has the path */
  constructor(
    streams: StreamRegistry,
    egress: EgressService,
    path: string,
    pushUrls: readonly string[],
    requestKeyframe: () => void,
  ) {
    this.#streams = streams;
    this.#hub = streams.open(path, requestKeyframe);
    this.#pushes = egress.startPushes(this.#hub, pushUrls);
  }

  publish(item: StreamItem): void {
    this.#hub.publish(item);
  }

  pushes(): readonly PushView[] {
    return this.#pushes.status();
  }

  /** Ends pushes, then readers; the path is free when it resolves. Safe to call twice. */
  close(reason: string): Promise<void> {
    this.#closing ??= this.#pushes.close().finally(() => this.#streams.close(this.#hub.path, reason));
    return this.#closing;
  }
}
